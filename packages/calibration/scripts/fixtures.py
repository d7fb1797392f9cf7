"""Writes test/fixtures/reference.json: the metrics and scalings of this package by independent implementations.

    python3 -m venv /tmp/venv
    /tmp/venv/bin/pip install scikit-learn==1.9.1 netcal==1.4.0 torchmetrics
    /tmp/venv/bin/python packages/calibration/scripts/fixtures.py

Logits are drawn here and stored with five decimals, so that both sides start from the same numbers.
Five are enough that no two confidences are equal: of ties at a quantile each implementation makes its own.
"""

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from netcal.metrics import ECE, MCE
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.metrics import accuracy_score, brier_score_loss, log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

BINS = 15


def case(name, examples, classes, sharpness, seed):
    """Labels are drawn from softmax(z); the model reports `sharpness` * z, so above 1 it is overconfident."""
    random = np.random.default_rng(seed)
    z = random.normal(size=(examples, classes)) * 1.5 + random.normal(size=classes) * 0.3
    cumulative = softmax(z, axis=1).cumsum(axis=1)
    labels = (random.random(examples)[:, None] > cumulative).sum(axis=1).clip(0, classes - 1)
    logits = np.round(z * sharpness, 5)
    p = softmax(logits, axis=1)

    def torch_error(norm):
        target = torch.tensor(labels)
        return float(multiclass_calibration_error(torch.tensor(p), target, classes, n_bins=BINS, norm=norm))

    # Top label by hand: of two columns netcal would bin the second one.
    def top_label(metric, **options):
        return float(metric(BINS, **options).measure(p.max(axis=1), (p.argmax(axis=1) == labels).astype(int)))

    def classwise(metric, combine, **options):
        errors = [metric(BINS, **options).measure(p[:, k].copy(), (labels == k).astype(int)) for k in range(classes)]
        return float(combine(errors))

    temperature = minimize_scalar(
        lambda t: -log_softmax(logits / np.exp(t), axis=1)[np.arange(examples), labels].mean(),
        bounds=(np.log(0.01), np.log(100)),
        method="bounded",
        options={"xatol": 1e-12},
    )

    def vector_loss(parameters):
        w, b = parameters[:classes], parameters[classes:]
        log_p = log_softmax(logits * w + b, axis=1)
        error = (np.exp(log_p) - np.eye(classes)[labels]) / examples
        loss = -log_p[np.arange(examples), labels].mean()
        return loss, np.concatenate([(error * logits).sum(axis=0), error.sum(axis=0)])

    start = np.concatenate([np.ones(classes), np.zeros(classes)])
    vector = minimize(vector_loss, start, jac=True, method="BFGS", options={"gtol": 1e-9})

    return {
        "name": name,
        "classes": classes,
        "logits": logits.ravel().tolist(),
        "labels": labels.tolist(),
        "accuracy": float(accuracy_score(labels, p.argmax(axis=1))),
        "nll": float(log_loss(labels, p, labels=np.arange(classes))),
        "brier": float(brier_score_loss(labels, p, labels=np.arange(classes), scale_by_half=False)),
        "ece": {
            "torchmetrics": torch_error("l1"),
            "netcal": top_label(ECE),
            "mass": top_label(ECE, equal_intervals=False),
            "classwise": classwise(ECE, np.mean),
            "classwiseMass": classwise(ECE, np.mean, equal_intervals=False),
        },
        "mce": {"torchmetrics": torch_error("max"), "classwise": classwise(MCE, np.max)},
        "brierDecomposition": murphy(p, labels),
        "temperature": float(np.exp(temperature.x)),
        "temperatureNll": float(temperature.fun),
        "vector": {
            "weights": vector.x[:classes].tolist(),
            "biases": vector.x[classes:].tolist(),
            "nll": float(vector.fun),
        },
    }


def murphy(p, labels):
    """Reliability, resolution and uncertainty, summed over the classes, with numpy's own binning."""
    examples, classes = p.shape
    edges = np.linspace(0, 1, BINS + 1)
    reliability = resolution = uncertainty = 0.0
    for k in range(classes):
        hit = (labels == k).astype(float)
        counts, _ = np.histogram(p[:, k], edges)
        forecast, _ = np.histogram(p[:, k], edges, weights=p[:, k])
        observed, _ = np.histogram(p[:, k], edges, weights=hit)
        used = counts > 0
        share, forecast, observed = counts[used] / examples, forecast[used] / counts[used], observed[used] / counts[used]
        reliability += (share * (forecast - observed) ** 2).sum()
        resolution += (share * (observed - hit.mean()) ** 2).sum()
        uncertainty += hit.var()
    return {"reliability": reliability, "resolution": resolution, "uncertainty": uncertainty}


reference = {
    "command": "python packages/calibration/scripts/fixtures.py",
    "versions": {name: version(name) for name in ["numpy", "scipy", "scikit-learn", "netcal", "torchmetrics", "torch"]},
    "bins": BINS,
    "cases": [
        case("overconfident, 5 classes", 600, 5, 2.5, seed=1),
        case("calibrated, 3 classes", 450, 3, 1.0, seed=2),
        case("underconfident, 2 classes", 450, 2, 0.4, seed=3),
        case("few examples, 10 classes", 45, 10, 1.5, seed=4),
    ],
}
target = Path(__file__).parent.parent / "test" / "fixtures" / "reference.json"
target.parent.mkdir(parents=True, exist_ok=True)
target.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
print(f"{target}: {target.stat().st_size} bytes")
