import { argMax, type Labels, type Rows, readProbabilities } from './predictions';

/** The share of examples whose most probable class is their label, in [0, 1]; of tied classes the first counts. */
export function accuracy(probabilities: Rows, labels: Labels): number {
  const predictions = readProbabilities(probabilities, labels);
  let hits = 0;
  for (let i = 0; i < predictions.examples; i++) if (argMax(predictions, i) === labels[i]) hits++;
  return hits / predictions.examples;
}
