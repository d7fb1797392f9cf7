import { refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { type Labels, type Rows, readProbabilities } from './predictions';

/** Options of {@link negativeLogLikelihood}. */
export interface NegativeLogLikelihoodOptions {
  /** Smaller probabilities count as this one, so that one impossible label does not make the mean infinite. Default 2⁻⁵². */
  epsilon?: number;
}

/** The mean of −log p(label), in nats: 0 for certainty in the right class, log(classes) for no idea. */
export function negativeLogLikelihood(
  probabilities: Rows,
  labels: Labels,
  options: NegativeLogLikelihoodOptions = {},
): number {
  checkOptions('negativeLogLikelihood', options, { epsilon: 1 });
  const { epsilon = Number.EPSILON } = options;
  if (!(epsilon >= 0 && epsilon < 1))
    refuse('epsilon', epsilon, 'a number in [0, 1)', 'Leave it out for the default.');
  const { values, examples, classes } = readProbabilities(probabilities, labels);
  let sum = 0;
  for (let i = 0; i < examples; i++) sum -= Math.log(Math.max(values[i * classes + labels[i]], epsilon));
  return sum / examples;
}
