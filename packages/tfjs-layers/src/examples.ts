import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { lossNames } from './compiled';

/** A tensor, or a list for a model with several inputs or outputs. Examples on the first axis. */
export type Tensors = tf.Tensor | tf.Tensor[];
/** Tensors by the name of the input or output, as `fit` takes them too. */
export type NamedTensors = { [name: string]: tf.Tensor };

/** The tensors of some examples, in the order of a model's inputs and outputs. */
export interface Examples {
  x: tf.Tensor[];
  y: tf.Tensor[];
}

/**
 * Tensors as a list in the order of `names`.
 *
 * @param argument - what they are of, for the message.
 * @throws ArgumentError for anything but tensors, such as plain arrays, for a name that is missing, and for a tensor that
 *   was disposed.
 */
export function tensorList(
  given: Tensors | NamedTensors,
  names: readonly string[],
  argument: string,
): tf.Tensor[] {
  const list = asList(given, names, argument);
  checkAlive(list, names, argument);
  return list;
}

/**
 * Refuses tensors that were disposed.
 *
 * @param names - the inputs or outputs that they belong to, in order.
 * @param argument - the name of the argument, for the message.
 * @throws ArgumentError
 */
export function checkAlive(tensors: readonly tf.Tensor[], names: readonly string[], argument: string): void {
  tensors.forEach(({ isDisposed, shape }, i) => {
    if (!isDisposed) return;
    const whose = names[i] === undefined ? '' : ` for ${show(names[i])}`;
    throw new ArgumentError(
      argument,
      `has a tensor [${shape}]${whose} that was disposed. Keep it until it has been used.`,
    );
  });
}

function asList(given: Tensors | NamedTensors, names: readonly string[], argument: string): tf.Tensor[] {
  const tensor = (one: unknown): tf.Tensor => {
    if (one instanceof tf.Tensor) return one;
    const plain = Array.isArray(one) || ArrayBuffer.isView(one) || typeof one === 'number';
    throw new ArgumentError(
      argument,
      plain
        ? `holds numbers in a plain array, ${show(one)}. Write tf.tensor(…) around it.`
        : `must hold tensors, but has ${show(one)}. Give a tf.Tensor, a list of them, or { name: tensor }.`,
    );
  };
  if (given instanceof tf.Tensor) return [given];
  if (Array.isArray(given)) {
    // [[1, 2], [3, 4]] and [1, 2] are each meant as one tensor.
    if (given.length > 0 && !given.some((one) => one instanceof tf.Tensor)) return [tensor(given)];
    return given.map(tensor);
  }
  if (given === null || typeof given !== 'object' || ArrayBuffer.isView(given)) return [tensor(given)];
  return names.map((name) => {
    if (given[name] === undefined) {
      const keys = Object.keys(given).map(show).join(', ');
      throw new ArgumentError(
        argument,
        `has no tensor ${show(name)}, but has ${keys || 'none'}. Give one for each of ${names.map(show).join(', ')}.`,
      );
    }
    return tensor(given[name]);
  });
}

/**
 * Tensors in the form that `fit` uses: a tensor of rank 1 gets a last axis, others stay the same.
 *
 * @returns tensors that are the caller's if they are new.
 */
export const withLastAxis = (tensor: tf.Tensor): tf.Tensor =>
  tensor.rank === 1 ? tf.expandDims(tensor, 1) : tensor;

/**
 * Refuses examples that do not fit the inputs and outputs of a model, by the rules of `fit`: a rank of 1 stands for [n, 1];
 * targets have the shape of their output, or [n, …, 1] under sparseCategoricalCrossentropy.
 *
 * @param name - the name of the argument, for the message.
 * @throws ArgumentError
 */
export function checkFit({ x, y }: Examples, model: LayersModel, name: string): void {
  for (const [what, given, wanted] of [
    ['inputs', x, model.inputs],
    ['targets', y, model.outputs],
  ] as const) {
    if (given.length !== wanted.length) {
      throw new ArgumentError(
        name,
        `has ${given.length} ${what}, but the model has ${wanted.length}. Give one tensor for each.`,
      );
    }
  }
  x.forEach((tensor, i) => {
    const { shape } = model.inputs[i];
    if (fits(tensor, shape)) return;
    throw new ArgumentError(
      name,
      `input ${i} has shape [${tensor.shape}], but the model takes ${text(shape)}. The first axis counts the examples.`,
    );
  });
  const losses = lossNames(model);
  y.forEach((tensor, i) => {
    const { shape } = model.outputs[i];
    const loss = losses[i];
    const sparse = loss === 'sparseCategoricalCrossentropy';
    const wanted = sparse ? [...shape.slice(0, -1), 1] : shape;
    const single = loss === 'categoricalCrossentropy' && wanted[wanted.length - 1] === 1;
    if (fits(tensor, wanted) && !single) return;
    throw new ArgumentError(
      name,
      `the target of output ${show(model.outputNames[i])} has shape [${tensor.shape}], but its loss` +
        `${loss ? ` ${loss}` : ''} takes ${text(wanted)}.${advice(tensor, shape, sparse, single)}`,
    );
  });
  const counts = [...x, ...y].map((tensor) => tensor.shape[0]);
  if (counts[0] === 0) throw new ArgumentError(name, 'is empty. Hold out at least 1 % of the training data.');
  if (counts.some((n) => n !== counts[0])) {
    throw new ArgumentError(
      name,
      `has arrays of ${counts.join(' and ')} examples. All must have the same number.`,
    );
  }
}

/**
 * Refuses examples with NaN or infinities. Among training examples one of them makes every weight NaN; among held-out ones it
 * makes every ρ step with its batch a skipped one. Targets of a custom loss may contain them, for missing values.
 *
 * The check runs on the device and is read as one small array, requested at once. A caller who awaits it after a training step
 * waits no longer than for the loss.
 *
 * @param name - of the argument, for the message. Default: `x` or `y`.
 * @throws ArgumentError with the examples, counted from 0.
 */
export async function checkFinite({ x, y }: Examples, model: LayersModel, name?: string): Promise<void> {
  const losses = lossNames(model);
  const all = [
    ...x.map((tensor, i) => ({ tensor, whose: model.inputNames[i], argument: name ?? 'x' })),
    ...y
      .map((tensor, i) => ({ tensor, whose: model.outputNames[i], argument: name ?? 'y' }))
      .filter((_, i) => losses[i]),
  ].filter(({ tensor }) => tensor.dtype === 'float32');
  if (all.length === 0) return;
  const examples = all[0].tensor.shape[0];
  const flags = tf.tidy(() =>
    tf.concat(
      all.map(({ tensor }) => tf.cast(tf.all(tf.isFinite(tf.reshape(tensor, [examples, -1])), 1), 'int32')),
    ),
  );
  const finite = await flags.data();
  flags.dispose();
  all.forEach(({ whose, argument }, i) => {
    const own = [...finite.subarray(i * examples, (i + 1) * examples)];
    const wrong = own.flatMap((ok, example) => (ok ? [] : [example]));
    if (wrong.length === 0) return;
    throw new ArgumentError(
      argument,
      `has NaN or infinities for ${show(whose)} in ${wrong.length} of ${examples} examples (counted from 0): ${wrong.slice(0, 6).join(', ')}` +
        `${wrong.length > 6 ? ', …' : ''}. Fill in the values, or drop the examples.`,
    );
  });
}

type Shape = readonly (number | null)[];
const text = (shape: Shape) => `[${shape.map((n) => n ?? 'any')}]`;

function fits({ shape: given }: tf.Tensor, wanted: Shape): boolean {
  const shape = given.length === 1 ? [...given, 1] : given;
  return (
    shape.length === wanted.length && wanted.every((n, axis) => axis === 0 || n === null || n === shape[axis])
  );
}

function advice(target: tf.Tensor, output: Shape, sparse: boolean, single: boolean): string {
  const classes = output[output.length - 1];
  if (single) return " One unit has no classes to choose from: compile with 'binaryCrossentropy'.";
  const last = target.shape[target.rank - 1];
  if (sparse && last === classes) {
    return " Give class numbers, tf.argMax(y, -1), or compile with 'categoricalCrossentropy'.";
  }
  const numbers = target.rank === 1 || last === 1;
  if (!sparse && numbers && classes !== null && classes > 1 && output.length === 2) {
    return ` If it holds class numbers, give tf.oneHot(y, ${classes}), or compile with 'sparseCategoricalCrossentropy'.`;
  }
  return ' Several targets go in the order of the model’s outputs, or by their names.';
}
