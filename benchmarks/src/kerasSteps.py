# The median time of plain training steps of the quickstart's network (experiments/shared/src/smallConvNet.mjs) in Keras, in
# milliseconds. scripts/nativeCost.mjs divides by it.
import statistics
import time

import numpy as np
import tensorflow as tf
from tensorflow import keras

keras.utils.set_random_seed(1)
layers = keras.layers
init = "he_normal"


def convolution(filters, **options):
    return [
        layers.Conv2D(filters, 3, padding="same", kernel_initializer=init, **options),
        layers.BatchNormalization(),
        layers.ReLU(),
    ]


model = keras.Sequential(
    [
        *convolution(8, input_shape=(28, 28, 1)),
        layers.MaxPooling2D(2),
        *convolution(16),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(64, kernel_initializer=init),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Dense(10, activation="softmax", kernel_initializer=init),
    ]
)
model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy")
generator = np.random.default_rng(1)
x = tf.constant(generator.random((64, 28, 28, 1), dtype=np.float32))
y = tf.constant(np.eye(10, dtype=np.float32)[generator.integers(0, 10, 64)])
times = []
for step in range(240):
    started = time.perf_counter()
    model.train_on_batch(x, y)
    times.append((time.perf_counter() - started) * 1e3)
print(tf.__version__, statistics.median(times[40:]))
