import {
  ArgumentError,
  l1 as coreL1,
  l2 as coreL2,
  groupNorm,
  type LearningRate,
  type OptimizerFactory,
  type Regularizer,
  show,
} from '@crossreg/core';
import type { LayerChoice } from './chooseLayers';

/** Which weights a norm is of, and how its level learns. */
export interface NormOptions {
  /** Which layers, by name or as a predicate. Default: every layer with a kernel that training moves. */
  layers?: LayerChoice;
  /**
   * One ρ for all weights chosen, one for each layer, or one for each output unit (index of the last axis) of a layer.
   * Default `'layer'`.
   */
  per?: 'model' | 'layer' | 'unit';
  /** Whether biases belong to it too. Default false. */
  biases?: boolean;
  /** Of Adam in log ρ. Default: the callback's optimizer. */
  learningRate?: LearningRate;
  /** Replaces Adam in log ρ. */
  optimizer?: OptimizerFactory;
  /** In the history, after the layer's name. Default: the regularizer's name. */
  name?: string;
}

/** A norm whose level the callback learns, for its option `regularizers`. */
export interface Norm {
  readonly regularizer: Regularizer;
  readonly options: NormOptions;
}

/**
 * Any regularizer of `@crossreg/core` on the weights of a model: `smoothness`, or your own by `customRegularizer`.
 *
 * @throws ArgumentError for options that are not there.
 */
export function norm(regularizer: Regularizer, options: NormOptions = {}): Norm {
  if (typeof regularizer?.retract !== 'function') {
    throw new ArgumentError(
      'regularizer',
      `must be a regularizer such as customRegularizer({ value }), but is ${show(regularizer)}.`,
    );
  }
  const { per = 'layer' } = options;
  if (!['model', 'layer', 'unit'].includes(per)) {
    throw new ArgumentError('per', `must be 'model', 'layer' or 'unit', but is ${show(per)}.`);
  }
  if (per === 'unit' && !regularizer.extents.includes('unit')) {
    throw new ArgumentError(
      'per',
      `is 'unit', but ${regularizer.name} has no level for each unit. Use 'layer'.`,
    );
  }
  return { regularizer, options };
}

/** The length ‖w‖₂ of weights: weight decay whose strength is learned. */
export const l2 = (options?: NormOptions): Norm => norm(coreL2(), options);

/** ‖w‖₁, which makes exact zeros: as many as the regularization set asks for. */
export const l1 = (options?: NormOptions): Norm => norm(coreL1(), options);

export interface GroupOptions extends NormOptions {
  /**
   * One block for each index along this axis. Default −2: all weights that leave an input, so that inputs are dropped;
   * −1: those of a unit; `'array'`: every array of weights.
   */
  axis?: number | 'array';
}

/** Σ ‖block‖₂, which zeroes whole blocks. */
export const group = ({ axis, ...options }: GroupOptions = {}): Norm => norm(groupNorm({ axis }), options);
