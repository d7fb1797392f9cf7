import {
  ArgumentError,
  exp,
  normLevel,
  type OptimizerFactory,
  type Rho,
  rhoAdam,
  show,
} from '@crossreg/core';
import { tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable } from '@tensorflow/tfjs-layers';
import { chooser, leafLayers } from './chooseLayers';
import { ownName } from './modelState';
import type { Norm, NormOptions } from './norms';

/** The norms on a model's weights, as the callback uses them. */
export interface LearnedNorms {
  readonly rho: readonly Rho<tf.Tensor>[];
  /** ρ's optimizer where the norm has one of its own. */
  optimizerOf(rho: Rho<tf.Tensor>): OptimizerFactory | undefined;
  /** After θ's optimizer moved: every weight back to its level. */
  retract(): void;
  /** The share of exact zeros in every weight under a norm, by `layer/weight`. */
  sparsity(): Promise<Record<string, number>>;
  /** Frees the levels. The weights stay. */
  dispose(): void;
}

/** Weights with one ρ, or one for each of their units. */
interface Group {
  name: string;
  weights: Weight[];
}

interface Weight {
  /** `layer/weight`. */
  name: string;
  variable: tf.Variable;
}

/**
 * Puts norms on the weights that θ's optimizer trains. Every level starts at the norm the weights have.
 *
 * Where several norms are on one weight it is brought to each level in turn, in the order of the list: the last holds
 * exactly, the others to within what that moved it. When a ρ step has changed one of the levels the others become what
 * the weight then has: two norms of one weight cannot be chosen at will (‖w‖₂ ≤ ‖w‖₁).
 *
 * @param trained - the weights that the model was compiled to train.
 * @throws ArgumentError where a norm has no weights, or weights that are all zero or not finite.
 */
export async function learnNorms(
  model: LayersModel,
  norms: readonly Norm[],
  trained: readonly LayerVariable[],
): Promise<LearnedNorms> {
  const made: {
    rho: Rho<tf.Tensor>;
    optimizer: OptimizerFactory | undefined;
    weights: Weight[];
    /** Makes the level what the weights have. */
    measure(): void;
  }[] = [];
  const dispose = () => {
    for (const { rho } of made) tf.dispose(rho.variable);
  };
  try {
    for (const { regularizer, options } of norms) {
      const extent = options.per === 'unit' ? 'unit' : 'group';
      const { learningRate } = options;
      // One optimizer for all levels of the norm.
      const optimizer = options.optimizer ?? (learningRate === undefined ? undefined : rhoAdam(learningRate));
      for (const { name, weights } of groups(model, options, trained)) {
        const variables = weights.map(({ variable }) => variable);
        const full = [name, options.name ?? regularizer.name].filter(Boolean).join('/');
        const start = tf.tidy(() => regularizer.value(tfjs, variables, extent));
        const levels = await start.data();
        start.dispose();
        levels.forEach((level, unit) => {
          if (level > regularizer.lowerBound && Number.isFinite(level)) return;
          throw new ArgumentError(
            'regularizers',
            `${full} starts at ${level}${extent === 'unit' ? ` for unit ${unit}` : ''}: from there the weights have no ` +
              'direction to grow in. Initialize them at random, or leave the layer out by `layers`.',
          );
        });
        const variable = tf.tidy(() => tf.variable(tf.log(tf.tensor(levels, start.shape)), false));
        const level = normLevel(tfjs, {
          name: full,
          weights: variables,
          regularizer,
          variable,
          bijector: exp,
          extent,
        });
        const measure = () => {
          const value = tf.maximum(regularizer.value(tfjs, variables, extent), regularizer.lowerBound);
          tfjs.assign(variable, tfjs.where(tfjs.allFinite([value]), tf.log(value), variable));
        };
        const earlier = made.filter((one) =>
          one.weights.some((weight) => variables.includes(weight.variable)),
        );
        const rho: Rho<tf.Tensor> = {
          ...level,
          settle() {
            level.settle();
            tf.tidy(() => {
              for (const one of earlier) one.measure();
            });
          },
        };
        made.push({ rho, optimizer, weights, measure });
      }
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    rho: made.map(({ rho }) => rho),
    optimizerOf: (rho) => made.find((one) => one.rho === rho)?.optimizer,
    retract: () => {
      for (const { rho } of made) rho.retract();
    },
    async sparsity() {
      const weights = new Map(
        made.flatMap((one) => one.weights.map(({ name, variable }) => [name, variable])),
      );
      const shares = [...weights].map(async ([name, variable]) => {
        const zeros = tf.tidy(() => tf.mean(tf.cast(tf.equal(variable, 0), 'float32')));
        const [share] = await zeros.data();
        zeros.dispose();
        return [name, share] as const;
      });
      return Object.fromEntries(await Promise.all(shares));
    },
    dispose,
  };
}

function groups(model: LayersModel, options: NormOptions, trained: readonly LayerVariable[]): Group[] {
  const { per = 'layer', biases = false } = options;
  const chosen = chooser(options.layers, model);
  const isTrained = new Set(trained.map((weight) => weight.read()));
  const byLayer = leafLayers(model)
    .filter((layer) => !chosen || chosen(layer))
    .map((layer) => ({
      name: layer.name,
      weights: layer.weights
        .filter((weight) => isTrained.has(weight.read()) && belongs(weight, biases))
        .map((weight) => ({
          name: `${layer.name}/${ownName(weight)}`,
          variable: weight.read() as tf.Variable,
        })),
    }))
    .filter(({ weights }) => weights.length > 0);
  if (byLayer.length === 0) {
    throw new ArgumentError(
      'regularizers',
      `has a norm without weights: ${options.layers ? `\`layers\` (${show(options.layers)}) chooses` : 'the model has'} ` +
        'no layer with a kernel that the model was compiled to train. Choose others, or compile again.',
    );
  }
  if (per === 'model') return [{ name: '', weights: byLayer.flatMap(({ weights }) => weights) }];
  if (per === 'layer') return byLayer;
  // Arrays with the same units go together, as a kernel and its bias.
  return byLayer.flatMap(({ name, weights }) => {
    const units = ({ variable }: Weight) => variable.shape[variable.shape.length - 1];
    const sizes = [...new Set(weights.map(units))];
    return sizes.map((size) => {
      const own = weights.filter((weight) => units(weight) === size);
      return { name: sizes.length > 1 ? own[0].name : name, weights: own };
    });
  });
}

/** Kernels and embeddings; biases where asked for; never the scales and offsets of a normalization or an activation. */
function belongs(weight: LayerVariable, biases: boolean): boolean {
  const name = ownName(weight);
  // `alpha` is the slope of a PReLU.
  return name.includes('bias') ? biases : weight.shape.length > 1 && name !== 'alpha';
}
