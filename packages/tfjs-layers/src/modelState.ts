import { ArgumentError } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, type LayerVariable, type layers, Sequential } from '@tensorflow/tfjs-layers';
import { leafLayers } from './chooseLayers';
import { functionalModelOf, setLearningRate } from './internals';
import { asSettings } from './settings';

/** The functional model inside a sequential model, which `compile` makes and callbacks see; any other model itself. */
export const compiledModel = (model: LayersModel): LayersModel =>
  model instanceof Sequential ? (functionalModelOf(model) ?? model) : model;

/** Weights and optimizer of a compiled model. The tensors are the model's own variables when saved. */
export interface ModelState {
  weights: tf.Tensor[];
  optimizer: {
    learningRate?: number;
    /** As `getWeights` gives them: the number of iterations, then the moments. */
    weights: { name: string; tensor: tf.Tensor }[];
    /** By field, see {@link ownVariables}. */
    variables: Record<string, tf.Tensor>;
  };
}

/** `kernel` of `dense/kernel`. */
export const ownName = ({ originalName }: LayerVariable) =>
  originalName.slice(originalName.lastIndexOf('/') + 1);

/**
 * What must agree for a state to fit a compiled model, as JSON: layers with their configurations, shapes of weights, optimizer
 * and loss. Names of layers are left out, because they count the layers that a process has made before. The learning rate is
 * left out, too, because it is part of the state.
 *
 * @throws ArgumentError for a model that is not compiled.
 */
export function modelSettings(given: LayersModel): object {
  const model = compiledModel(given);
  if (!model.optimizer) {
    throw new ArgumentError(
      'model',
      `${model.name} is not compiled. Call compile before you save or restore a checkpoint.`,
    );
  }
  const { learningRate, ...config } = model.optimizer.getConfig();
  return asJSON({
    layers: leafLayers(model).map((layer) => ({ class: layer.getClassName(), config: configOf(layer) })),
    weights: model.weights.map((weight) => `${ownName(weight)} [${weight.shape}] ${weight.dtype}`),
    optimizer: { class: model.optimizer.getClassName(), config },
    loss: model.loss,
  });
}

function configOf(layer: layers.Layer): object | undefined {
  try {
    return layer.getConfig();
  } catch {
    // A custom layer need not have one.
    return undefined;
  }
}

/** Without names. */
const asJSON = (value: object): object =>
  JSON.parse(JSON.stringify(asSettings(value), (key, each) => (key === 'name' ? undefined : each)));

/**
 * The state of a compiled model, in its own variables: encode it before the model trains on, then {@link freeState} it.
 *
 * @throws ArgumentError for an optimizer whose state TensorFlow.js does not give, such as Adamax.
 */
export async function modelState(given: LayersModel): Promise<ModelState> {
  const model = compiledModel(given);
  const { optimizer } = model;
  const { learningRate } = optimizer.getConfig();
  return {
    weights: model.weights.map((weight) => weight.read()),
    optimizer: {
      learningRate: typeof learningRate === 'number' ? learningRate : undefined,
      weights: await optimizerWeights(optimizer),
      variables: ownVariables(optimizer),
    },
  };
}

/** Frees the one tensor of a state that is not a variable of the model. */
export const freeState = ({ optimizer }: ModelState): void => optimizer.weights[0].tensor.dispose();

async function optimizerWeights(optimizer: tf.Optimizer): Promise<{ name: string; tensor: tf.Tensor }[]> {
  try {
    return await optimizer.getWeights();
  } catch (error) {
    throw new ArgumentError(
      'model',
      `is compiled with the optimizer ${optimizer.getClassName()}, whose state cannot be saved: ` +
        `${(error as Error).message} Compile with Adam, RMSProp, Adagrad, Adadelta, momentum or SGD.`,
    );
  }
}

/**
 * Variables that an optimizer has as fields and `getWeights` leaves out: Adam's powers of β. `setWeights` recomputes
 * them as βᵗ, which differs in the last bits from the product of the steps.
 */
const ownVariables = (optimizer: tf.Optimizer): Record<string, tf.Variable> =>
  Object.fromEntries(Object.entries(optimizer).filter(([, field]) => field instanceof tf.Variable));

/** Gives a model of the same {@link modelSettings} a state, to the bit. The state's tensors stay the caller's. */
export async function restoreModel(given: LayersModel, state: ModelState): Promise<void> {
  const model = compiledModel(given);
  const { optimizer } = model;
  assignAll(
    model.weights.map((weight) => weight.read() as tf.Variable),
    state.weights,
  );
  const { weights, variables, learningRate } = state.optimizer;
  const former = await optimizerWeights(optimizer);
  await optimizer.setWeights(weights);
  // `setWeights` makes new variables and forgets the old ones.
  tf.dispose(former);
  for (const [field, variable] of Object.entries(ownVariables(optimizer))) {
    if (variables[field]) variable.assign(variables[field]);
  }
  if (learningRate !== undefined && learningRate !== optimizer.getConfig().learningRate) {
    setLearningRate(optimizer, learningRate);
  }
}

/** Not by `LayerVariable.write`, which applies constraints again. */
export const assignAll = (variables: readonly tf.Variable[], values: readonly tf.Tensor[]): void =>
  variables.forEach((variable, i) => {
    variable.assign(values[i]);
  });
