"""LassoCV and LassoLarsCV on the numbers that lasso.mjs wrote: lassoCV.py FOLDER ROWS COLUMNS ROUNDS."""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import Lasso, LassoCV, LassoLarsCV

warnings.simplefilter("ignore")
folder, n, p, rounds = Path(sys.argv[1]), *map(int, sys.argv[2:5])
x = np.fromfile(folder / "x").reshape(n, p)
y = np.fromfile(folder / "y")
fold = np.arange(n) * 5 // n
folds = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(5)]


def timed(make):
    seconds = []
    for i in range(rounds):
        started = time.perf_counter()
        model = make().fit(x, y)
        if i > 0:
            seconds.append(time.perf_counter() - started)
    return model, seconds


model, seconds = timed(lambda: LassoCV(cv=folds))
_, lars = timed(lambda: LassoLarsCV(cv=folds, max_iter=5000))
# One split, the last fold held out: the validation curve on a dense grid, and the coefficients at its best λ.
train, held = folds[-1]
curve = LassoCV(cv=[(train, held)], n_alphas=1000, tol=1e-7).fit(x, y)
best = Lasso(alpha=curve.alpha_, tol=1e-9, max_iter=100_000).fit(x[train], y[train])
(folder / "result.json").write_text(json.dumps({
    "version": sklearn.__version__,
    "seconds": seconds,
    "lars": lars,
    "split": {
        "loss": float(np.mean((best.predict(x[held]) - y[held]) ** 2)),
        "coefficients": best.coef_.tolist(),
    },
    "loss": float(model.mse_path_.mean(1).min()),
    "coefficients": model.coef_.tolist(),
}))
