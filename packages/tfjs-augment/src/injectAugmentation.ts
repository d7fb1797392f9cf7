import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { checkModel, rememberInjected } from '@crossreg/tfjs-layers/internal';
import { model as functional, input, LayersModel, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import {
  augmentationOptions,
  LearnableAugmentation,
  type LearnableAugmentationOptions,
} from './learnableAugmentation';

export interface InjectAugmentationOptions extends LearnableAugmentationOptions {
  /** The name of the input that has the images. Default: the only one of rank 4. */
  input?: string;
}

/**
 * A new model that consists of a {@link LearnableAugmentation} followed by `model`, with the same weight variables. A plain
 * `predict` of the new model returns what `model` returns. Compile the result.
 *
 * @throws ArgumentError if there is no input with images, or several and none was chosen; and for what the layer refuses.
 * @example
 * ```ts
 * const augmented = injectAugmentation(images, { translate: true, rotate: 20 });
 * ```
 */
export function injectAugmentation(model: LayersModel, options: InjectAugmentationOptions): LayersModel {
  checkModel(model);
  if (!model.inputs?.length) {
    throw new ArgumentError(
      'model',
      `${model.name} has no input shape yet. Give its first layer an inputShape.`,
    );
  }
  checkOptions('injectAugmentation', options, { ...augmentationOptions, input: 1 });
  const { input: chosen, ...layerOptions } = options ?? {};
  // Not inputNames, which a sequential model lacks until it is compiled.
  const names = model.inputs.map((x) => x.name);
  const candidates = names.filter(
    (name, i) => model.inputs[i].shape.length === 4 && (chosen === undefined || name === chosen),
  );
  if (candidates.length !== 1) {
    const shapes = model.inputs.map(({ shape }, i) => `${names[i]} [${shape.map((n) => n ?? 'any')}]`);
    throw new ArgumentError(
      'input',
      `must name one input that takes images, [batch, height, width, channels], but ${model.name} has the inputs ` +
        `${shapes.join(', ')}, and ${chosen === undefined ? 'none was named' : `${show(chosen)} was named`}. Give input: 'its name'.`,
    );
  }
  const layer = new LearnableAugmentation(layerOptions);
  const inputs = model.inputs.map((x, i) => input({ batchShape: x.shape, dtype: x.dtype, name: names[i] }));
  const augmented = inputs.map((x, i) =>
    names[i] === candidates[0] ? (layer.apply(x) as SymbolicTensor) : x,
  );
  const outputs = model.apply(augmented.length === 1 ? augmented[0] : augmented) as
    | SymbolicTensor
    | SymbolicTensor[];
  rememberInjected(model, 'injectAugmentation');
  return functional({ inputs, outputs, name: `${model.name}_augmented` });
}

/**
 * All `LearnableAugmentation` layers of a model in order, those of nested models included, each once.
 *
 * @example
 * ```ts
 * const augmented = injectAugmentation(images, { rotate: true });
 * await augmentationLayers(augmented)[0].values(); // { rotate: 30 }
 * ```
 */
export function augmentationLayers(model: LayersModel): LearnableAugmentation[] {
  const found = model.layers.flatMap((layer) =>
    layer instanceof LayersModel
      ? augmentationLayers(layer)
      : layer instanceof LearnableAugmentation
        ? [layer]
        : [],
  );
  return [...new Set(found)];
}
