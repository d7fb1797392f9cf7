"""Compares the predictions of a frozen model in Keras and in onnxruntime with those of TensorFlow.js: load.py FOLDER."""

import json
import sys

from types import ModuleType

import numpy as np
import onnxruntime
import tensorflow as tf
import tf2onnx

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
outputs = np.array(expected["outputs"])
shape = tf.TensorSpec((None, *expected["shape"][1:]), tf.float32, name="inputs")
onnx, _ = tf2onnx.convert.from_keras(model, input_signature=(shape,), opset=17)
session = onnxruntime.InferenceSession(onnx.SerializeToString())
predictions = {
    "keras": model.predict(inputs, verbose=0),
    "onnx": session.run(None, {"inputs": inputs})[0],
}
differences = {name: float(np.abs(each.ravel() - outputs).max()) for name, each in predictions.items()}
print(json.dumps({**differences, "layers": len(model.layers), "nodes": len(onnx.graph.node)}))
