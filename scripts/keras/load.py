"""Loads a frozen model in Keras and compares its predictions with those of TensorFlow.js: load.py FOLDER."""

import json
import sys

import numpy as np
from tensorflowjs.converters import load_keras_model

folder = sys.argv[1]
with open(f"{folder}/predictions.json") as file:
    expected = json.load(file)
model = load_keras_model(f"{folder}/model.json")
inputs = np.array(expected["inputs"], np.float32).reshape(expected["shape"])
predictions = model.predict(inputs, verbose=0)
difference = float(np.abs(predictions.ravel() - np.array(expected["outputs"])).max())
print(json.dumps({"difference": difference, "layers": len(model.layers)}))
