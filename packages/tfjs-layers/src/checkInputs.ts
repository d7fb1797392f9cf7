import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { checkTensors } from '@crossreg/tfjs/internal';
import type { Tensor } from '@tensorflow/tfjs-core';
import { LayersModel } from '@tensorflow/tfjs-layers';

/** What to do if two copies of TensorFlow.js meet, which do not know the classes of each other. */
export const oneCopy = 'npm ls @tensorflow/tfjs-layers must show one version, and one copy of it.';

/** @throws ArgumentError for anything but a Layers model. */
export function checkModel(model: LayersModel): void {
  if (!(model instanceof LayersModel)) {
    throw new ArgumentError('model', `must be a tf.LayersModel, but is ${show(model)}. ${adviceOn(model)}`);
  }
}

/** What to give instead of something that is not a Layers model. */
export function adviceOn(thing: unknown): string {
  const { members, layers, fit } = Object(thing) as Record<string, unknown>;
  if (Array.isArray(members)) return 'Call ensemble.predict(x), or give one of its members.';
  // By its methods, because its class is another one.
  if (Array.isArray(layers) && typeof fit === 'function')
    return `It comes from another copy of TensorFlow.js: ${oneCopy}`;
  return 'Give a model from tf.model() or tf.sequential().';
}

/**
 * Checks tensors against the inputs of a model: their number, shapes and counts of examples.
 *
 * @throws ArgumentError
 */
export function checkInputs(model: LayersModel, x: readonly Tensor[]): void {
  checkTensors('x', x);
  const { inputs } = model;
  if (x.length !== inputs.length) {
    throw new ArgumentError(
      'x',
      `has ${x.length} tensors, but ${model.name} takes ${inputs.length}. Give one for each input, in their order.`,
    );
  }
  inputs.forEach(({ name, shape }, i) => {
    const given = x[i].shape;
    const fits =
      given.length === shape.length &&
      shape.every((n, axis) => n === null || axis === 0 || n === given[axis]);
    if (!fits) {
      throw new ArgumentError(
        'x',
        `has shape [${given}] for the input ${name}, but ${model.name} takes [${shape.map((n) => n ?? 'any')}]. ` +
          'The first axis counts the examples.',
      );
    }
    if (given[0] !== x[0].shape[0]) {
      throw new ArgumentError(
        'x',
        `has ${x[0].shape[0]} examples for the first input, but ${given[0]} for ${name}. All inputs must have the same number.`,
      );
    }
  });
}
