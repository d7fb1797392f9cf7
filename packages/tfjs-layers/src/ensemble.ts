import { ArgumentError, type Averaging, deriveSeed } from '@crossreg/core';
import { checkInteger, checkOptions, show } from '@crossreg/core/internal';
import type { Prediction } from '@crossreg/tfjs';
import { addLogs, logitsOf, logProbabilities } from '@crossreg/tfjs/internal';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { checkModel } from './checkInputs';
import { joinArtifacts } from './ensembleArtifacts';
import { type NamedTensors, type Tensors, tensorList } from './examples';
import { type AveragingChoice, outputAveragingNow } from './outputAveraging';
import { type PredictOptions, predict } from './predict';

/** One array for each output, in the shape of a single prediction. Variances are of the probabilities where an output is logits. */
export interface EnsemblePrediction extends Prediction {
  /** The average of the members' averaged predictions; logits are averaged as probabilities. */
  mean: tf.Tensor;
  /** `between` + `within`: by the law of total variance, the variance of one draw of a random member. */
  variance: tf.Tensor;
  /**
   * The unbiased variance of the members' averaged predictions: how much they disagree. It includes their variation by chance,
   * `within` / samples.
   */
  between: tf.Tensor;
  /** The mean of the members' variances over their draws of noise; 0 for members without noise. */
  within: tf.Tensor;
}

export type EnsemblePredictOptions = Omit<PredictOptions, 'averaging'>;

/**
 * Several trained models of the same task as one: its prediction is the average of theirs. Made by {@link fitEnsemble},
 * by {@link loadEnsemble}, or of models that are trained already.
 *
 * @example
 * const ensemble = new Ensemble([injectNoise(model), injectNoise(model)]); // or any trained models
 * const { mean, between, within } = ensemble.predict(xTest, { samples: 16 });
 */
export class Ensemble {
  /** With explicit noise layers, or without noise. Uncompiled if `fitEnsemble` hooked noise in. */
  readonly members: readonly LayersModel[];
  /** How draws and members are averaged, by output in order. */
  readonly averaging: readonly Averaging[];

  /**
   * @param members - two or more; the ensemble owns them: {@link dispose} frees them.
   * @param options.averaging - how draws and members become one prediction: one for all outputs, by the name of the output,
   *   or a list in the order of the outputs. Default: as the members were trained, which has to be the same.
   * @throws ArgumentError for members that are the same model, or whose inputs, outputs or averaging differ.
   */
  constructor(
    members: readonly LayersModel[],
    options: { averaging?: AveragingChoice | readonly Averaging[] } = {},
  ) {
    checkOptions('Ensemble', options, { averaging: 1 });
    if (!Array.isArray(members) || members.length < 2) {
      throw new ArgumentError(
        'members',
        `must be a list of two models or more, but is ${show(members)}. For a single model use predict(model, x).`,
      );
    }
    members.forEach((member, i) => {
      checkModel(member);
      if (members.indexOf(member) < i) {
        throw new ArgumentError(
          'members',
          `has the model ${member.name} twice, at positions ${members.indexOf(member)} and ${i}. Give each model once.`,
        );
      }
      checkAlike(members[0], member, i, 'members');
    });
    const { averaging: given } = options;
    const all = members.map((member) =>
      outputAveragingNow(member, Array.isArray(given) ? byOutput(member, given) : (given as AveragingChoice)),
    );
    all.forEach((one, i) => {
      if (one.join() === all[0].join()) return;
      throw new ArgumentError(
        'averaging',
        `is ${one.map(show).join(', ')} for member ${i}, but ${all[0].map(show).join(', ')} for member 0. ` +
          'Set the option averaging.',
      );
    });
    this.members = [...members];
    this.averaging = all[0];
  }

  /**
   * The average of the members' predictions, each of which averages `samples` draws of its noise. Member m predicts
   * `predict(members[m], x, { samples, seed: deriveSeed(seed, m) })`.
   *
   * @param x - as `model.predict` takes it, or by the names of the first member's inputs.
   * @returns one {@link EnsemblePrediction}, or a list for several outputs; the arrays are the caller's.
   * @throws ArgumentError as {@link predict}.
   */
  predict(x: tf.Tensor, options?: EnsemblePredictOptions): EnsemblePrediction;
  predict(
    x: Tensors | NamedTensors,
    options?: EnsemblePredictOptions,
  ): EnsemblePrediction | EnsemblePrediction[];
  predict(
    x: Tensors | NamedTensors,
    options: EnsemblePredictOptions = {},
  ): EnsemblePrediction | EnsemblePrediction[] {
    checkOptions('predict', options, { samples: 1, batchSize: 1, seed: 1 });
    checkInteger('samples', options.samples ?? 16, 1, 'Use 16 for a smooth average, 1 for a single draw.');
    const { members, averaging } = this;
    const inputs = tensorList(x, members[0].inputNames, 'x');
    const { seed = 0 } = options;
    const outputs = tf.tidy(() => {
      const predictions = members.map((member, m) =>
        [
          predict(member, inputs, {
            ...options,
            seed: deriveSeed(seed, m),
            averaging: byOutput(member, averaging),
          }),
        ].flat(),
      );
      return averaging.map((one, i) =>
        combine(
          predictions.map((each) => each[i]),
          one,
        ),
      );
    });
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  /**
   * Saves all members as one model.json and one file of weights, to any place where `model.save` can save: a URL such as
   * `file://…` (with tfjs-node), `indexeddb://…` or `downloads://…`, or an IOHandler. {@link loadEnsemble} reads it. Optimizers
   * are not saved.
   *
   * @throws ArgumentError for a URL that TensorFlow.js has no handler for.
   */
  async save(handlerOrURL: tf.io.IOHandler | string): Promise<tf.io.SaveResult> {
    const handler = typeof handlerOrURL === 'string' ? handlerOf(handlerOrURL) : handlerOrURL;
    if (typeof handler?.save !== 'function') {
      throw new ArgumentError(
        'handlerOrURL',
        `must be a URL or an IOHandler with a save function, but is ${show(handlerOrURL)}. Write 'file://folder' in Node, 'indexeddb://name' in a browser.`,
      );
    }
    const artifacts: tf.io.ModelArtifacts[] = [];
    const keep = tf.io.withSaveHandler(async (one) => {
      artifacts.push(one);
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(one) };
    });
    for (const member of this.members) await member.save(keep);
    return await handler.save(joinArtifacts(artifacts, this.averaging));
  }

  /** Frees all members. */
  dispose(): void {
    for (const member of this.members) member.dispose();
  }
}

/** A list in the order of a model's outputs, by their names. */
const byOutput = ({ outputNames }: LayersModel, averaging: readonly Averaging[]) =>
  Object.fromEntries(outputNames.map((name, i) => [name, averaging[i]]));

function handlerOf(url: string): tf.io.IOHandler {
  const [handler] = tf.io.getSaveHandlers(url);
  if (handler) return handler;
  throw new ArgumentError(
    'handlerOrURL',
    `is ${show(url)}, but no imported package can save there. For file:// import @tensorflow/tfjs-node, or give an ` +
      'IOHandler such as tf.io.withSaveHandler(…).',
  );
}

/** One prediction of those of several members, for one output. */
function combine(predictions: readonly Prediction[], averaging: Averaging) {
  const outputs = tf.stack(predictions.map(({ mean }) => mean));
  const averaged =
    averaging === 'logits'
      ? tf.softmax(outputs)
      : averaging === 'sigmoidLogits'
        ? tf.sigmoid(outputs)
        : outputs;
  const average = tf.mean(averaged, 0);
  const deviation = tf.sub(averaged, average);
  const between = tf.div(tf.sum(tf.square(deviation), 0), predictions.length - 1);
  const within = tf.mean(tf.stack(predictions.map(({ variance }) => variance)), 0);
  const logs = predictions.map((each) => logProbabilities(each.mean, averaging));
  const sum = logs.reduce((a, b) => a && b && addLogs(a, b));
  const mean = sum ? logitsOf(sum, averaging) : average;
  return { mean, variance: tf.add(between, within), between, within };
}

/** @throws ArgumentError for a model whose inputs or outputs differ from those of the first. */
export function checkAlike(first: LayersModel, member: LayersModel, m: number, argument: string): void {
  const shapes = (tensors: readonly { shape: (number | null)[] }[]) =>
    tensors.map(({ shape }) => `[${shape.map((n) => n ?? 'any')}]`).join(', ');
  for (const what of ['inputs', 'outputs'] as const) {
    const [one, other] = [shapes(first[what]), shapes(member[what])];
    if (one === other) continue;
    throw new ArgumentError(
      argument,
      `has ${what} of shape ${one} in member 0, but ${other} in member ${m}. All members must have the same shapes.`,
    );
  }
}
