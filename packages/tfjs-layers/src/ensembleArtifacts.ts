import { ArgumentError, type Averaging } from '@crossreg/core';
import { checkAveraging } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';

/** What stands in for the topology of a model: that of every member, and which part of the weights is its own. */
interface Topology {
  class_name: typeof CLASS;
  config: {
    averaging: Averaging[];
    members: {
      modelTopology: object;
      /** How many of the weights, and how many of their bytes: members one after another. */
      weights: number;
      bytes: number;
      userDefinedMetadata?: tf.io.ModelArtifacts['userDefinedMetadata'];
    }[];
  };
}

const CLASS = 'CrossregEnsemble';

/** The artifacts of several models as those of one, which any IOHandler keeps. */
export function joinArtifacts(
  members: readonly tf.io.ModelArtifacts[],
  averaging: readonly Averaging[],
): tf.io.ModelArtifacts {
  const data = members.map(({ weightData }) => tf.io.CompositeArrayBuffer.join(weightData));
  const topology: Topology = {
    class_name: CLASS,
    config: {
      averaging: [...averaging],
      members: members.map(({ modelTopology, weightSpecs = [], userDefinedMetadata }, m) => ({
        modelTopology: modelTopology as object,
        weights: weightSpecs.length,
        bytes: data[m].byteLength,
        ...(userDefinedMetadata && { userDefinedMetadata }),
      })),
    },
  };
  const { format, generatedBy, convertedBy } = members[0];
  return {
    ...{ format, generatedBy, convertedBy },
    modelTopology: topology,
    // Unlike in one file, as members may have layers of the same names.
    weightSpecs: members.flatMap(({ weightSpecs = [] }, m) =>
      weightSpecs.map((spec) => ({ ...spec, name: `${m}/${spec.name}` })),
    ),
    weightData: tf.io.CompositeArrayBuffer.join(data),
  };
}

/**
 * The artifacts of every member, and how they are averaged.
 *
 * @throws ArgumentError for artifacts of anything but an ensemble, or with another number of weights than it has.
 */
export function splitArtifacts({ modelTopology, weightSpecs = [], weightData }: tf.io.ModelArtifacts): {
  members: tf.io.ModelArtifacts[];
  averaging: Averaging[];
} {
  const topology = modelTopology as Partial<Topology> | undefined;
  if (topology?.class_name !== CLASS) {
    throw new ArgumentError(
      'handlerOrURL',
      'does not contain an ensemble that ensemble.save(…) wrote. Load a single model with tf.loadLayersModel(…).',
    );
  }
  const { averaging, members } = (topology as Topology).config;
  const all = tf.io.CompositeArrayBuffer.join(weightData);
  const total = members.reduce((sum, { bytes }) => sum + bytes, 0);
  if (all.byteLength !== total) {
    throw new ArgumentError(
      'handlerOrURL',
      `has ${all.byteLength} bytes of weights, but its members need ${total}. Copy both files again.`,
    );
  }
  let [weight, byte] = [0, 0];
  return {
    averaging: averaging.map((one) => checkAveraging('averaging', one)),
    members: members.map(({ modelTopology, weights, bytes, userDefinedMetadata }, m) => {
      const specs = weightSpecs.slice(weight, weight + weights);
      const part = all.slice(byte, byte + bytes);
      weight += weights;
      byte += bytes;
      return {
        modelTopology,
        weightSpecs: specs.map((spec) => ({ ...spec, name: spec.name.slice(`${m}/`.length) })),
        weightData: part,
        ...(userDefinedMetadata && { userDefinedMetadata }),
      };
    }),
  };
}
