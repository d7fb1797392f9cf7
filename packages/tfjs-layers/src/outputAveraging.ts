import { ArgumentError, type Averaging } from '@crossreg/core';
import { checkAveraging, checkSoftmaxWidth, show } from '@crossreg/core/internal';
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { LayersModel as LayersModelClass } from '@tensorflow/tfjs-layers';
import { lossFunctions, lossNames } from './compiled';
import { isCrossEntropy } from './estimator';
import { activationOf as activationFunctionOf } from './internals';
import { type LossKind, lossKind, lossKindNow } from './lossKind';
import { compiledModel } from './modelState';
import { repeated } from './nestedLayers';

/** How the draws of every output become one prediction: one for all, or by the name of the output. */
export type AveragingChoice = Averaging | { readonly [output: string]: Averaging };

const probabilities = new Set(['softmax', 'sigmoid', 'hardSigmoid']);
/** Layers that only move or join what they get. */
const transparent = new Set([
  'Reshape',
  'Flatten',
  'Permute',
  'RepeatVector',
  'Dropout',
  'Average',
  'Concatenate',
]);

/**
 * How the draws of each output of a model become one prediction, in the order of its outputs: as chosen, or inferred from
 * the last activation and the loss. A softmax or sigmoid makes probabilities, and a stock cross-entropy takes them; before a loss
 * that takes logits a linear output is logits; anything else is averaged as it is.
 *
 * @throws ArgumentError for a choice that cannot be right, or an output that does not exist.
 */
export async function outputAveraging(model: LayersModel, choice?: AveragingChoice): Promise<Averaging[]> {
  const losses = lossFunctions(model);
  const names = lossNames(model);
  const kinds = await Promise.all(
    model.outputs.map((output, i) => {
      const loss = losses?.[i];
      return loss && names[i] === undefined ? lossKind(loss, output.shape) : 'other';
    }),
  );
  return resolve(model, kinds, choice);
}

/** {@link outputAveraging} at once, by what training has found out or a saved model remembers. */
export function outputAveragingNow(model: LayersModel, choice?: AveragingChoice): Averaging[] {
  const losses = lossFunctions(model);
  const noted = choice === undefined ? remembered(model) : undefined;
  if (noted && (noted.chosen || !losses)) return noted.averaging;
  const names = lossNames(model);
  const kinds = model.outputs.map((output, i) => {
    const loss = losses?.[i];
    return loss && names[i] === undefined ? lossKindNow(loss, output.shape) : 'other';
  });
  return resolve(model, kinds, choice);
}

/**
 * Notes in a model how its draws are averaged, so that it is saved with it and `predict` and `toInferenceModel` do as training did.
 */
export function rememberAveraging(
  model: LayersModel,
  averaging: readonly Averaging[],
  choice: AveragingChoice | undefined,
): void {
  const { crossreg, ...others } = (model.getUserDefinedMetadata() ?? {}) as Record<string, object>;
  const noted = { ...crossreg, averaging: [...averaging], chosen: choice !== undefined };
  model.setUserDefinedMetadata({ ...others, crossreg: noted });
}

function remembered(model: LayersModel): { averaging: Averaging[]; chosen: boolean } | undefined {
  for (const one of [model, compiledModel(model)]) {
    const { crossreg } = (one.getUserDefinedMetadata() ?? {}) as {
      crossreg?: { averaging: Averaging[]; chosen: boolean };
    };
    if (crossreg?.averaging?.length === model.outputs.length) return crossreg;
  }
  return undefined;
}

function resolve(
  model: LayersModel,
  kinds: readonly LossKind[],
  choice: AveragingChoice | undefined,
): Averaging[] {
  if (choice !== undefined && typeof choice === 'object' && choice !== null) {
    for (const name of Object.keys(choice)) {
      if (model.outputNames.includes(name)) continue;
      const names = model.outputNames.map(show).join(', ');
      throw new ArgumentError(
        'averaging',
        `has an entry for ${show(name)}, but the model's outputs are ${names}. Use these names.`,
      );
    }
  }
  const names = lossNames(model);
  return model.outputs.map((output, i) => {
    const activation = activationOf(output);
    const chosen = typeof choice === 'object' ? choice?.[model.outputNames[i]] : choice;
    const inferred = infer(activation, kinds[i], names[i]);
    if (chosen === undefined) return inferred;
    const argument = typeof choice === 'object' ? `averaging.${model.outputNames[i]}` : 'averaging';
    const one = checkAveraging(argument, chosen);
    checkSoftmaxWidth(argument, one, output.shape[output.shape.length - 1] ?? 2);
    const refuse = (reason: string) => {
      throw new ArgumentError(
        argument,
        `is ${show(one)} for the output ${show(model.outputNames[i])}, ${reason} ` +
          `Leave it out to use ${show(inferred)}.`,
      );
    };
    const logits = isLogits(one);
    if (logits && probabilities.has(activation ?? ''))
      refuse(`which ends in a ${activation} and so does not give logits.`);
    if (logits && names[i] !== undefined) refuse(`whose loss ${names[i]} takes no logits.`);
    const opposite = one === 'logits' ? 'sigmoid' : 'softmax';
    if (logits && kinds[i] === opposite) refuse(`whose loss takes the logits of a ${opposite}.`);
    if (one === 'probabilities' && kinds[i] !== 'other' && !probabilities.has(activation ?? '')) {
      refuse(`whose loss takes the logits of a ${kinds[i]}, not probabilities.`);
    }
    return one;
  });
}

export const isLogits = (averaging: Averaging): averaging is 'logits' | 'sigmoidLogits' =>
  averaging === 'logits' || averaging === 'sigmoidLogits';

function infer(activation: string | undefined, kind: LossKind, lossName: string | undefined): Averaging {
  if (probabilities.has(activation ?? '')) return 'probabilities';
  // Log-probabilities are logits that are normalized already.
  if (activation === 'logSoftmax' || kind === 'softmax') return 'logits';
  // A stock cross-entropy takes probabilities. Any layer may compute them.
  if (isCrossEntropy(lossName)) return 'probabilities';
  return kind === 'sigmoid' ? 'sigmoidLogits' : 'mean';
}

/** The name of the activation function that an output comes from; undefined where no stock layer tells. */
function activationOf(tensor: SymbolicTensor): string | undefined {
  const { sourceLayer, nodeIndex, tensorIndex } = tensor;
  const layer = repeated(sourceLayer);
  if (layer instanceof LayersModelClass) return activationOf(layer.outputs[tensorIndex]);
  const kind = layer.getClassName();
  if (kind === 'Softmax') return 'softmax';
  const own = activationFunctionOf(layer)?.getClassName?.();
  const passes = transparent.has(kind) || (kind === 'Activation' && own === 'linear');
  if (!passes) return own;
  const node = sourceLayer.inboundNodes[nodeIndex];
  if (node.inputTensors[0] === tensor) return undefined;
  const before = new Set(node.inputTensors.map(activationOf));
  return before.size === 1 ? [...before][0] : undefined;
}
