import {
  ArgumentError,
  exp,
  groupLasso,
  normLevel,
  type RegularizationParameter,
  type Regularizer,
  rhoOptimizer,
} from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, LayerVariable, layers } from '@tensorflow/tfjs-layers';
import { chooser, leafLayers } from './chooseLayers';
import { type Block, isPlain, type KernelLayout, kernelLayout, onBlocks, weightOwners } from './kernelLayout';
import { ownName } from './modelState';
import type { Norm, NormOptions } from './norms';
import { asSettings } from './settings';

/** The norms on a model's weights, as the callback uses them. */
export interface LearnedNorms {
  readonly rho: readonly RegularizationParameter<tf.Tensor>[];
  /** After θ's optimizer has moved them: retracts every weight to its level. */
  retract(): void;
  /** The share of exact zeros in every weight under a norm, by `layer/weight`. */
  sparsity(): Promise<Record<string, number>>;
  /** The options of the norms and the weights that they cover, as JSON. */
  readonly settings: object;
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
  /** The same in any process: `number of the layer/weight`. */
  place: string;
  variable: tf.Variable;
  /** The layer that owns it: a part of the one it is named after, where that one is made of others. */
  owner: layers.Layer;
  layout: KernelLayout;
}

/**
 * Puts norms on the weights that θ's optimizer trains. Every level starts at the present norm of the weights.
 *
 * If several norms are on one weight, it is retracted to each level in the order of the list. The last one holds exactly, the
 * others up to the effect of later ones. After a ρ step has changed one level, the other levels become the present norms of the
 * weight: two norms of one weight cannot be chosen freely (‖w‖₂ ≤ ‖w‖₁).
 *
 * @param trained - the weights that the model was compiled to train.
 * @throws ArgumentError if a norm has no weights, or weights that are all zero or not finite.
 */
export async function learnNorms(
  model: LayersModel,
  norms: readonly Norm[],
  trained: readonly LayerVariable[],
): Promise<LearnedNorms> {
  const made: {
    rho: RegularizationParameter<tf.Tensor>;
    weights: Weight[];
    /** Sets the level to the present norm of the weights. */
    measure(): void;
  }[] = [];
  const dispose = () => {
    for (const { rho } of made) tf.dispose(rho.variable);
  };
  try {
    for (const { regularizer: given, options, blocks } of norms) {
      const per = options.per === 'unit' ? 'unit' : 'group';
      const { learningRate } = options;
      // One optimizer for all levels of the norm.
      const optimizer =
        options.optimizer ?? (learningRate === undefined ? undefined : rhoOptimizer(learningRate));
      for (const { name, weights } of groups(model, options, trained)) {
        const variables = weights.map(({ variable }) => variable);
        const regularizer = inLayout(given, blocks ?? (per === 'unit' ? 'units' : undefined), weights);
        const full = [name, options.name ?? regularizer.name].filter(Boolean).join('/');
        const start = tf.tidy(() => regularizer.value(tfjs, variables, per));
        const levels = await start.data();
        start.dispose();
        levels.forEach((level, unit) => {
          if (level > regularizer.lowerBound && Number.isFinite(level)) return;
          throw new ArgumentError(
            'regularizers',
            `${full} starts at ${level}${per === 'unit' ? ` for unit ${unit}` : ''}, where the gradient has no ` +
              'direction. Initialize the weights at random, or exclude the layer with `layers`.',
          );
        });
        const variable = tf.tidy(() => tf.variable(tf.log(tf.tensor(levels, start.shape)), false));
        const level = normLevel(tfjs, {
          name: full,
          weights: variables,
          regularizer,
          variable,
          bijector: exp,
          per,
          optimizer,
        });
        const measure = () => {
          const value = tf.maximum(regularizer.value(tfjs, variables, per), regularizer.lowerBound);
          tfjs.assign(variable, tfjs.where(tfjs.allFinite([value]), tf.log(value), variable));
        };
        const earlier = made.filter((one) =>
          one.weights.some((weight) => variables.includes(weight.variable)),
        );
        const rho: RegularizationParameter<tf.Tensor> = {
          ...level,
          afterRhoStep() {
            level.afterRhoStep();
            tf.tidy(() => {
              for (const one of earlier) one.measure();
            });
          },
        };
        made.push({ rho, weights, measure });
      }
    }
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    settings: norms.map(({ regularizer, options, blocks }) => ({
      ...{ name: regularizer.name, made: asSettings(regularizer.settings), blocks },
      ...{ per: options.per ?? 'layer', label: options.name, biases: options.biases ?? false },
      ...{ learningRate: asSettings(options.learningRate), optimizer: asSettings(options.optimizer) },
      groups: groups(model, options, trained).map(({ weights }) => weights.map(({ place }) => place)),
    })),
    rho: made.map(({ rho }) => rho),
    retract: () => {
      for (const { rho } of made) rho.afterThetaStep();
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
    .map((layer, index) => ({ layer, index }))
    .filter(({ layer }) => !chosen || chosen(layer))
    .map(({ layer, index }) => ({
      name: layer.name,
      weights: weightsOf(layer, index).filter(
        ({ weight, variable }) => isTrained.has(variable) && belongs(weight, biases),
      ),
    }))
    .filter(({ weights }) => weights.length > 0);
  if (byLayer.length === 0) {
    throw new ArgumentError(
      'regularizers',
      `has a norm without weights: ${options.layers ? `\`layers\` (${show(options.layers)}) chooses` : 'the model has'} ` +
        'no layer with a kernel that the model was compiled to train. Choose other layers, or compile again.',
    );
  }
  if (per === 'model') return [{ name: '', weights: byLayer.flatMap(({ weights }) => weights) }];
  if (per === 'layer') return byLayer;
  // Arrays with the same units go together, as a kernel and its bias.
  return byLayer.flatMap(({ name, weights }) => {
    const byUnits = new Map<string, Weight[]>();
    for (const weight of weights) {
      const { shape, units, role } = weight.layout;
      const key = [weight.owner.id, role, ...units.map((axis) => shape[axis])].join();
      byUnits.set(key, [...(byUnits.get(key) ?? []), weight]);
    }
    return [...byUnits.values()].map((own) => ({
      name: byUnits.size > 1 ? own[0].name : name,
      weights: own,
    }));
  });
}

function weightsOf(layer: layers.Layer, index: number): (Weight & { weight: LayerVariable })[] {
  const owners = weightOwners(layer);
  const names = layer.weights.map(ownName);
  return layer.weights.map((weight, i) => {
    const variable = weight.read() as tf.Variable;
    const owner = owners.get(variable) ?? layer;
    const layout = kernelLayout(owner.getClassName(), names[i], weight.shape as number[]);
    // Both directions of a bidirectional layer have a kernel.
    const before = names.slice(0, i).filter((other) => other === names[i]).length;
    const name = before > 0 ? `${names[i]}_${before + 1}` : names[i];
    return { weight, name: `${layer.name}/${name}`, place: `${index}/${name}`, variable, owner, layout };
  });
}

/** A regularizer that finds the blocks it is of on the last axis of what it sees. */
function inLayout(
  regularizer: Regularizer,
  blocks: Block | undefined,
  weights: readonly Weight[],
): Regularizer {
  if (!blocks) return regularizer;
  const layouts = weights.map(({ layout }) => layout);
  if (!weights.every(({ layout, variable }) => isPlain(layout, variable.shape))) {
    return onBlocks(regularizer, blocks, layouts);
  }
  // Units are on the last axis as they are, and for inputs there is no need to move anything either.
  return blocks === 'inputs' ? groupLasso({ axis: -2 }) : regularizer;
}

/** Slopes of a PReLU; scale and offset of a layer normalization, which has several axes if it normalizes over several. */
const elementwise = new Set(['alpha', 'gamma', 'beta']);

/** Kernels and embeddings, and biases if requested; never the scales and offsets of a normalization or an activation. */
function belongs(weight: LayerVariable, biases: boolean): boolean {
  const name = ownName(weight);
  return name.includes('bias') ? biases : weight.shape.length > 1 && !elementwise.has(name);
}
