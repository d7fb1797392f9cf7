"""Writes test/fixtures/*.json: ridge, LASSO and smoothing splines by scikit-learn and SciPy.

    apt-get install python3-sklearn
    /usr/bin/python3 packages/linear/scripts/fixtures.py

Inputs are drawn here and stored with six decimals, so that both sides start from the same numbers. The diabetes data
are read from packages/datasets. Held-out rows of a split are packed as bits, row 0 first, in hexadecimal.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import scipy
import sklearn
from scipy.interpolate import make_smoothing_spline
from scipy.optimize import minimize_scalar
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Lasso, LassoCV, Ridge, RidgeCV, lars_path
from sklearn.model_selection import KFold

warnings.simplefilter("ignore", ConvergenceWarning)
here = Path(__file__).resolve().parent
out = here.parent / "test" / "fixtures"
versions = {
    "python": sys.version.split()[0],
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "scikit-learn": sklearn.__version__,
    "command": "/usr/bin/python3 packages/linear/scripts/fixtures.py",
}


def write(name, content):
    text = json.dumps({"versions": versions, **content}, separators=(",", ":"))
    (out / f"{name}.json").write_text(text + "\n")


def listed(array):
    return np.asarray(array, float).tolist()


def regression(random, n, p, targets=1, noise=1.0, sparse=None, twin=False, constant=False):
    x = random.normal(size=(n, p)) * random.uniform(0.3, 3, size=p) + random.normal(size=p) * 2
    if twin:
        x[:, -1] = x[:, 0]
    if constant:
        x[:, 1] = 3.25
    w = random.normal(size=(p, targets))
    if sparse:
        w[sparse:] = 0
    y = x @ w + noise * random.normal(size=(n, targets)) * np.std(x @ w) + 5
    return np.round(x, 6), np.round(y, 6)


def mean_squared(model, x, y):
    return float(np.mean((model.predict(x).reshape(y.shape) - y) ** 2))


def minimum(f, low, high, points=400):
    """The lowest point of f over u in [low, high]: dense grid, then bounded search around its lowest."""
    grid = np.linspace(low, high, points)
    best = grid[int(np.argmin([f(u) for u in grid]))]
    step = grid[1] - grid[0]
    return float(minimize_scalar(f, bounds=(best - step, best + step), method="bounded", options={"xatol": 1e-10}).x)


def ridge():
    random = np.random.default_rng(1)
    cases = []
    for name, options in [
        ("tall", dict(n=30, p=5)),
        ("wide", dict(n=15, p=25)),
        ("twin columns", dict(n=30, p=6, twin=True, constant=True)),
        ("several targets", dict(n=25, p=6, targets=3)),
    ]:
        n = options.pop("n")
        x, y = regression(random, n=n + 40, **options)
        train, held = (x[:n], y[:n]), (x[n:], y[n:])
        fit = lambda alpha: Ridge(alpha=alpha, solver="svd").fit(*train)
        u = minimum(lambda u: mean_squared(fit(np.exp(u)), *held), -25, 15)
        best = fit(np.exp(u))
        cases.append({
            "name": name, "x": listed(train[0]), "y": listed(train[1]), "xHeld": listed(held[0]), "yHeld": listed(held[1]),
            "alpha": float(np.exp(u)), "loss": mean_squared(best, *held),
            "coefficients": listed(best.coef_), "intercepts": listed(np.ravel(best.intercept_)),
        })
    write("ridge", {"cases": cases})


def lasso_at(alpha, x, y):
    return Lasso(alpha=alpha, tol=1e-13, max_iter=1_000_000).fit(x, y)


def lasso():
    random = np.random.default_rng(2)
    cases = []
    for name, options in [
        ("tall", dict(n=40, p=8, sparse=4)),
        ("wide", dict(n=15, p=25, sparse=5, noise=0.3)),
        ("constant column", dict(n=30, p=6, constant=True)),
    ]:
        n = options.pop("n")
        x, y = regression(random, n=n + 40, **options)
        x, y, held = x[:n], y[:n, 0], (x[n:], y[n:, 0])
        largest = np.max(np.abs((x - x.mean(0)).T @ (y - y.mean()))) / n
        path = []
        for share in [0.9, 0.5, 0.2, 0.05, 0.01]:
            model = lasso_at(share * largest, x, y)
            path.append({"alpha": float(share * largest), "coefficients": listed(model.coef_), "intercept": float(model.intercept_)})
        cases.append({"name": name, "x": listed(x), "y": listed(y), "xHeld": listed(held[0]), "yHeld": listed(held[1]), "path": path})
    write("lasso", {"cases": cases})


def diabetes_data():
    file = here.parents[1] / "datasets" / "data" / "diabetes" / "diabetes.tab.txt"
    table = np.loadtxt(file, skiprows=1)
    x, y = table[:, :10], table[:, 10]
    x = x - x.mean(0)
    return x / np.sqrt((x**2).sum(0)), y


def bits(mask):
    return np.packbits(mask.astype(np.uint8)).tobytes().hex()


def lasso_optimum(x, y, x_held, y_held):
    """The lowest validation loss on the exact LASSO path: scikit-learn's lars_path, and a parabola on each of its segments."""
    mean, target_mean = x.mean(0), y.mean()
    alphas, _, coefs = lars_path(x - mean, y - target_mean, method="lasso")
    residuals = ((x_held - mean) @ coefs).T + target_mean - y_held
    best, minima = (np.mean(residuals[0] ** 2), alphas[0], coefs[:, 0]), 0
    for i in range(len(alphas) - 1):
        change = residuals[i + 1] - residuals[i]
        t = float(np.clip(-(residuals[i] @ change) / (change @ change), 0, 1))
        minima += 0 < t < 1
        loss = np.mean((residuals[i] + t * change) ** 2)
        if loss < best[0]:
            coef = coefs[:, i] + t * (coefs[:, i + 1] - coefs[:, i])
            coef[(coefs[:, i] == 0) & (coefs[:, i + 1] == 0)] = 0
            best = (loss, alphas[i] + t * (alphas[i + 1] - alphas[i]), coef)
    return {"loss": float(best[0]), "alpha": float(best[1]), "support": [int(j) for j in np.flatnonzero(best[2])], "minima": int(minima)}


def diabetes():
    x, y = diabetes_data()
    splits, cross_validated = [], []
    for seed in range(50):
        random = np.random.default_rng(seed)
        held = np.zeros(len(y), bool)
        held[random.permutation(len(y))[:110]] = True
        splits.append({"held": bits(held), **lasso_optimum(x[~held], y[~held], x[held], y[held])})
        # The same rows as a test set, for what cross-validation reaches on the others. Folds as scikit-learn makes
        # them, consecutive.
        train = (x[~held], y[~held])
        lasso_cv = LassoCV(cv=KFold(5), n_alphas=200, eps=1e-4, tol=1e-8, max_iter=100_000).fit(*train)
        # In scikit-learn 1.2 RidgeCV with folds does no leave-one-out shortcut: it is a grid search.
        ridge_cv = RidgeCV(alphas=np.logspace(-5, 2, 200), cv=KFold(5)).fit(*train)
        cross_validated.append({
            "lassoTest": mean_squared(lasso_cv, x[held], y[held]),
            "lassoLoss": float(lasso_cv.mse_path_.mean(1).min()),
            "lassoAlpha": float(lasso_cv.alpha_),
            "ridgeTest": mean_squared(ridge_cv, x[held], y[held]),
            "ridgeAlpha": float(ridge_cv.alpha_),
        })
    write("diabetes", {"splits": splits, "crossValidated": cross_validated})


def spline():
    random = np.random.default_rng(3)
    cases = []

    def case(x, low, high, shares=(1e-5, 1e-3, 1e-1, 10)):
        y = np.round(np.sin(6 * (x - low) / (high - low)) + 0.3 * random.normal(size=x.size), 6)
        at = np.linspace(x[0], x[-1], 31)
        width = (high - low) ** 3
        fits = [
            {"lambda": float(share * width), "y": listed(make_smoothing_spline(x, y, lam=share * width)(at))}
            for share in shares
        ]
        cases.append({"x": listed(x), "y": listed(y), "at": listed(at), "fits": fits})

    for n, low, high in [(12, 0, 1), (40, -3, 7)]:
        case(np.round(np.sort(random.uniform(low, high, n)), 6), low, high)
    # Pairs of neighbours 4e-6 of the range apart, and points whose distances grow from 1e-5 of the range to a tenth of it. Not
    # at a large λ, where SciPy loses digits on them: its error at 10 is 0.005 (against 60 digits with mpmath).
    case(np.round(np.sort(np.concatenate([np.arange(25), np.arange(25) + 1e-4])), 6), 0, 24, (1e-5, 1e-3))
    case(np.round(np.geomspace(0.01, 100, 80), 6), 0, 100, (1e-5, 1e-3))
    write("spline", {"cases": cases})


out.mkdir(parents=True, exist_ok=True)
ridge()
lasso()
diabetes()
spline()
