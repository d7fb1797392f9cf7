import {
  ArgumentError,
  groupLasso as groupLassoNorm,
  type LearningRate,
  l1Norm,
  l2Norm,
  type OptimizerFactory,
  type Regularizer,
  rhoOptimizer,
} from '@crossreg/core';
import { checkOneOf, checkOptimizer, checkOptions, show } from '@crossreg/core/internal';
import type { LayerChoice } from './chooseLayers';
import type { Block } from './kernelLayout';

/** Which weights a norm covers, and how its level learns. */
export interface NormOptions {
  /** Which layers, by name or as a predicate. Default: every layer with a kernel that training moves. */
  layers?: LayerChoice;
  /**
   * One ρ for all chosen weights, one per layer, or one per output unit of a layer (all gates of a recurrent unit together).
   * Default `'layer'`.
   */
  per?: 'model' | 'layer' | 'unit';
  /** Whether the norm covers biases, too. Default false. */
  biases?: boolean;
  /** Learning rate of Adam in log ρ. Default: that of the callback. */
  learningRate?: LearningRate;
  /** Replaces Adam in log ρ. */
  optimizer?: OptimizerFactory;
  /** Its name in the history, after the layer's name. Default: the regularizer's name. */
  name?: string;
}

/** A norm whose level the callback learns, for the option `regularizers`. */
export interface Norm {
  readonly regularizer: Regularizer;
  readonly options: NormOptions;
  /** What the blocks are, if the regularizer needs blocks of weights on the last axis. */
  readonly blocks?: Block;
}

/**
 * Any regularizer of `@crossreg/core` on the weights of a model: `smoothness`, or your own by `customRegularizer`.
 *
 * @throws ArgumentError for options that are not there.
 * @example
 * ```ts
 * const smooth = norm(smoothness(differencePenalty(4, 2)), { layers: ['first'] });
 * crossRegularization({ regularizationData: [xReg, yReg], regularizers: [smooth] });
 * ```
 */
export function norm(regularizer: Regularizer, options: NormOptions = {}): Norm {
  if (typeof regularizer?.retract !== 'function') {
    throw new ArgumentError(
      'regularizer',
      `must be a regularizer, but is ${show(regularizer)}. Write l2Norm() or customRegularizer({ value }), for example.`,
    );
  }
  const names = { layers: 1, per: 1, biases: 1, learningRate: 1, optimizer: 1, name: 1 };
  checkOptions(regularizer.name, options, names);
  const { per = 'layer' } = options;
  if (!['model', 'layer', 'unit'].includes(per)) {
    throw new ArgumentError(
      'per',
      `must be 'model', 'layer' or 'unit', but is ${show(per)}. Leave it out for 'layer'.`,
    );
  }
  if (per === 'unit' && !regularizer.scopes.includes('unit')) {
    throw new ArgumentError(
      'per',
      `is 'unit', but ${regularizer.name} has no level for each unit. Use 'layer'.`,
    );
  }
  const { biases = false, name = '' } = options;
  checkOneOf('biases', biases, [true, false], 'Leave it out to exclude biases from the norm.');
  checkOneOptimizer(options);
  if (typeof name !== 'string') {
    throw new ArgumentError(
      'name',
      `must be a string, but is ${show(name)}. Leave it out for ${regularizer.name}.`,
    );
  }
  return { regularizer, options };
}

/** Refuses anything but an optimizer, and a learning rate that would be ignored because an optimizer is given, too. */
export function checkOneOptimizer({
  learningRate,
  optimizer,
}: Pick<NormOptions, 'learningRate' | 'optimizer'>) {
  if (learningRate !== undefined) rhoOptimizer(learningRate);
  if (optimizer === undefined) return;
  checkOptimizer('optimizer', optimizer);
  if (learningRate !== undefined) {
    throw new ArgumentError(
      'learningRate',
      `is ${show(learningRate)}, but the given optimizer has a learning rate already. Leave one of them out.`,
    );
  }
}

/**
 * The length ‖w‖₂ of weights: weight decay whose strength is learned.
 *
 * @example
 * ```ts
 * crossRegularization({ regularizationData: [xReg, yReg], regularizers: [l2({ per: 'layer' })] });
 * ```
 */
export const l2 = (options?: NormOptions): Norm => norm(l2Norm(), options);

/**
 * ‖w‖₁, which makes exact zeros: as many as the regularization set supports.
 *
 * @example
 * ```ts
 * crossRegularization({ regularizationData: [xReg, yReg], regularizers: [l1({ layers: /dense/ })] });
 * ```
 */
export const l1 = (options?: NormOptions): Norm => norm(l1Norm(), options);

export interface GroupLassoOptions extends NormOptions {
  /**
   * The blocks. `'inputs'` (default): all weights that leave an input, so that inputs are dropped; `'units'`: those of an
   * output unit. The class of its layer tells where a kernel has them. `'array'`: every array of weights. A number:
   * one block for each index along that axis of the array as it is, counted from the end where negative.
   */
  axis?: Block | 'array' | number;
}

/**
 * Σ ‖block‖₂, which zeroes whole blocks.
 *
 * @throws ArgumentError for any other axis.
 * @example
 * ```ts
 * crossRegularization({ regularizationData: [xReg, yReg], regularizers: [groupLasso({ axis: 'units' })] });
 * ```
 */
export function groupLasso({ axis = 'inputs', ...options }: GroupLassoOptions = {}): Norm {
  if (axis === 'inputs' || axis === 'units') {
    return { ...norm(groupLassoNorm({ axis: -1 }), options), blocks: axis };
  }
  if (typeof axis === 'string' && axis !== 'array') {
    throw new ArgumentError(
      'axis',
      `must be 'inputs', 'units', 'array' or a number, but is ${show(axis)}. Use 'inputs'.`,
    );
  }
  return norm(groupLassoNorm({ axis }), options);
}
