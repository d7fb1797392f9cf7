"""Loads a frozen model in Keras and compares its predictions with those of TensorFlow.js: load.py FOLDER."""

import json
import sys

from types import ModuleType

import numpy as np

# tensorflowjs imports packages that only its converters for other formats need.
sys.modules["tensorflow_decision_forests"] = ModuleType("tensorflow_decision_forests")
sys.modules["tensorflowjs.converters.jax_conversion"] = ModuleType("jax_conversion")
sys.modules["tensorflowjs.converters.jax_conversion"].convert_jax = None
from tensorflowjs.converters import load_keras_model  # noqa: E402

folder = sys.argv[1]
with open(f"{folder}/predictions.json") as file:
    expected = json.load(file)
model = load_keras_model(f"{folder}/model.json")
inputs = np.array(expected["inputs"], np.float32).reshape(expected["shape"])
predictions = model.predict(inputs, verbose=0)
difference = float(np.abs(predictions.ravel() - np.array(expected["outputs"])).max())
print(json.dumps({"difference": difference, "layers": len(model.layers)}))
