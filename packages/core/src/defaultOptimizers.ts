import { noiseOptimizer } from './noiseOptimizer';
import { adam, type LearningRate, type OptimizerFactory } from './optimizer';
import type { Schedule } from './schedule';

/** The optimizer of a ρ that is no scale: Adam, whose steps are of about `learningRate` in the raw value. */
export const rhoOptimizer = (learningRate: LearningRate = 0.02): OptimizerFactory =>
  adam({ learningRate, beta2: 0.99 });

/**
 * Which optimizer a regularization parameter has: its own; else the one that was `given` for all; else
 * {@link noiseOptimizer} for a scale, of noise above all, and {@link rhoOptimizer} for everything else. Parameters of one
 * kind share an optimizer.
 */
export function defaultOptimizers(
  schedule: Pick<Schedule, 'every'>,
  given?: OptimizerFactory,
): (parameter: { readonly optimizer?: OptimizerFactory; readonly isScale?: boolean }) => OptimizerFactory {
  const [ofScales, ofOthers] = [given ?? noiseOptimizer(schedule), given ?? rhoOptimizer()];
  return ({ optimizer, isScale }) => optimizer ?? (isScale ? ofScales : ofOthers);
}
