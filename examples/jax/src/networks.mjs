// Networks as pure functions of pytrees. Each has noise before its hidden nonlinearities. `sigma` scales it: a tree with one σ
// per layer, or nothing for a network without noise.
import { addNoise } from '@crossreg/jax';
import { nn, numpy as np, random } from '@jax-js/jax';

/** `n` keys, one for each use. */
function keys(key, n) {
  const all = random.split(key, n);
  const each = Array.from({ length: n }, (_, i) => all.ref.slice(i));
  all.dispose();
  return each;
}

/** Weights of a layer, initialized after He et al. (2015): variance 2 / inputs. */
const layer = (key, inputs, units) => ({
  kernel: random.normal(key, [inputs, units]).mul(Math.sqrt(2 / inputs)),
  bias: np.zeros([units]),
});
const dense = ({ kernel, bias }, x) => np.dot(x, kernel).add(bias);

/** Two hidden layers of 256. */
export const mlp = {
  sigma: ['first', 'second'],
  init(key) {
    const [a, b, c] = keys(key, 3);
    return { first: layer(a, 784, 256), second: layer(b, 256, 256), output: layer(c, 256, 10) };
  },
  forward(params, sigma, x, key, antithetic) {
    const [a, b] = keys(key, 2);
    const hidden = (input, name, own) => {
      const h = dense(params[name], input);
      return nn.relu(sigma ? addNoise(h, sigma[name], own, { antithetic }) : h);
    };
    const flat = x.reshape([x.shape[0], 784]);
    return dense(params.output, hidden(hidden(flat, 'first', a), 'second', b));
  },
};

/**
 * The 3×3 neighbourhoods of every other pixel, `[rows, height, width, channels]` → `[rows, height / 2, width / 2, 9 · channels]`, so that
 * a convolution is a matrix product. jax-js's own convolution takes far longer on wasm.
 */
function patches(x) {
  const [rows, height, width, channels] = x.shape;
  const [h, w] = [height / 2, width / 2];
  const padded = np.pad(x, [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]);
  const halves = padded.reshape([rows, h + 1, 2, w + 1, 2, channels]);
  const taps = [0, 1, 2].flatMap((i) =>
    [0, 1, 2].map((j) => {
      const [down, right] = [i >> 1, j >> 1];
      return halves.ref.slice([], [down, down + h], i % 2, [right, right + w], j % 2);
    }),
  );
  halves.dispose();
  return np.concatenate(taps, 3);
}

/** Two convolutions of 3×3 with strides of two, and a hidden layer of 64. */
export const convolutional = {
  sigma: ['first', 'second', 'third'],
  init(key) {
    const [a, b, c, d] = keys(key, 4);
    return {
      first: layer(a, 9, 16),
      second: layer(b, 9 * 16, 32),
      third: layer(c, 7 * 7 * 32, 64),
      output: layer(d, 64, 10),
    };
  },
  forward(params, sigma, x, key, antithetic) {
    const own = keys(key, 3);
    const hidden = (input, name, i) => {
      const h = dense(params[name], input);
      return nn.relu(sigma ? addNoise(h, sigma[name], own[i], { antithetic }) : h);
    };
    const first = hidden(patches(x), 'first', 0);
    const second = hidden(patches(first), 'second', 1);
    return dense(params.output, hidden(second.reshape([x.shape[0], 7 * 7 * 32]), 'third', 2));
  },
};
