"""Writes test/fixtures/edges.json: calibration errors of confidences on the edges of bins, and scalings of one logit.

    python3 packages/calibration/scripts/edges.py

Needs no library. The errors are those of the code published with Guo et al. 2017 (ECELoss of temperature_scaling.py:
`confidences.gt(bin_lower) * confidences.le(bin_upper)`), in exact fractions, so that no edge is rounded. The scalings are
found by Newton's method, from 0, on the likelihood of sigmoid(z / T) and sigmoid(w z + b).
"""

import json
import random
from fractions import Fraction
from math import exp, log1p
from pathlib import Path


def guo(confidences, hits, bins):
    """Expected and maximum calibration error, where a bin is (lower, upper]."""
    expected, largest = Fraction(0), Fraction(0)
    for k in range(bins):
        lower, upper = Fraction(k, bins), Fraction(k + 1, bins)
        members = [i for i, c in enumerate(confidences) if c > lower and c <= upper]
        if not members:
            continue
        accuracy = Fraction(sum(hits[i] for i in members), len(members))
        gap = abs(sum(confidences[i] for i in members) / len(members) - accuracy)
        expected += gap * len(members) / len(confidences)
        largest = max(largest, gap)
    return float(expected), float(largest)


def edges(bins, examples, seed):
    """Confidences in hundredths, all of them edges where bins is 100."""
    source = random.Random(seed)
    hundredths = [source.randint(51, 100) for _ in range(examples)]
    hits = [int(source.random() < c / 110) for c in hundredths]
    ece, mce = guo([Fraction(c, 100) for c in hundredths], hits, bins)
    return {"bins": bins, "hundredths": hundredths, "hits": hits, "ece": ece, "mce": mce}


def loss(z, y):
    """−log sigmoid(±z)."""
    z = z if y else -z
    return log1p(exp(-abs(z))) + max(-z, 0)


def sigmoid(z):
    return 1 / (1 + exp(-z)) if z >= 0 else exp(z) / (1 + exp(z))


def one_logit(examples, sharpness, shift, seed):
    source = random.Random(seed)
    z = [round(source.gauss(0, 1.5), 5) for _ in range(examples)]
    labels = [int(source.random() < sigmoid(v)) for v in z]
    logits = [round(sharpness * v + shift, 5) for v in z]
    inverse = 0.0
    for _ in range(100):
        p = [sigmoid(inverse * v) for v in logits]
        gradient = sum((q - y) * v for q, y, v in zip(p, labels, logits))
        inverse -= gradient / sum(q * (1 - q) * v * v for q, v in zip(p, logits))
    w, b = 0.0, 0.0
    for _ in range(100):
        p = [sigmoid(w * v + b) for v in logits]
        g = [sum((q - y) * v for q, y, v in zip(p, labels, logits)), sum(q - y for q, y in zip(p, labels))]
        s = [q * (1 - q) for q in p]
        a, c, d = sum(t * v * v for t, v in zip(s, logits)), sum(t * v for t, v in zip(s, logits)), sum(s)
        determinant = a * d - c * c
        w -= (d * g[0] - c * g[1]) / determinant
        b -= (a * g[1] - c * g[0]) / determinant
    mean = lambda scaled: sum(loss(v, y) for v, y in zip(scaled, labels)) / examples
    return {
        "logits": logits,
        "labels": labels,
        "temperature": 1 / inverse,
        "temperatureNll": mean([inverse * v for v in logits]),
        "weight": w,
        "bias": b,
        "vectorNll": mean([w * v + b for v in logits]),
    }


reference = {
    "command": "python3 packages/calibration/scripts/edges.py",
    "edges": [edges(bins, 200, seed) for seed, bins in enumerate([10, 15, 20, 25, 50, 100], 1)],
    "oneLogit": [one_logit(300, 2.5, 0.0, 1), one_logit(300, 0.5, 0.8, 2), one_logit(60, 1.4, -0.5, 3)],
}
target = Path(__file__).parent.parent / "test" / "fixtures" / "edges.json"
target.write_text(json.dumps(reference, separators=(",", ":")) + "\n")
print(f"{target}: {target.stat().st_size} bytes")
