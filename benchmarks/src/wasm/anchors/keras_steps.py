# The quickstart's network and the MLP of networks.mjs in Keras on TensorFlow on the CPU: examples per second as JSON, of
# processor time on one thread, by the clock on several. Arguments: threads, steps, batch by network as JSON.
import json
import os
import sys
import time

threads, steps, batches = int(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3])
os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1", KERAS_BACKEND="tensorflow")

import numpy as np
import tensorflow as tf
import keras

tf.config.threading.set_intra_op_parallelism_threads(threads)
tf.config.threading.set_inter_op_parallelism_threads(threads)
layers = keras.layers
normalized = lambda layer: [layer, layers.BatchNormalization(), layers.ReLU()]
conv = lambda filters: layers.Conv2D(filters, 3, padding="same")
head = lambda: layers.Dense(10, activation="softmax")

networks = {
    "quickstart": (
        (28, 28, 1),
        lambda: [
            *normalized(conv(8)), layers.MaxPooling2D(2), *normalized(conv(16)), layers.MaxPooling2D(2),
            layers.Flatten(), *normalized(layers.Dense(64)), head(),
        ],
    ),
    "mlp": ((784,), lambda: [layers.Dense(128, activation="relu"), layers.Dense(64, activation="relu"), head()]),
}


def per_second(name):
    shape, make = networks[name]
    batch = batches[name]
    model = keras.Sequential([keras.Input(shape), *make()])
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="categorical_crossentropy")
    x = tf.constant(np.random.default_rng(1).random((batch, *shape), dtype=np.float32))
    y = tf.constant(np.eye(10, dtype=np.float32)[np.arange(batch) % 10])
    clock = time.process_time if threads == 1 else time.perf_counter
    times = []
    for step in range(10 + steps * 20):
        started = clock()
        model.train_on_batch(x, y)
        if step >= 10:
            times.append(clock() - started)
    return batch / sorted(times)[len(times) // 2]


rates = {name: per_second(name) for name in networks}
print(json.dumps({"version": f"{keras.__version__} on TensorFlow {tf.__version__}", "rates": rates}))
