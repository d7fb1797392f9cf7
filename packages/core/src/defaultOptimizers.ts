import { noiseOptimizer } from './noiseOptimizer';
import { adam, type LearningRate, type OptimizerFactory } from './optimizer';
import type { Schedule } from './schedule';

/** The optimizer of a ρ that is not a scale: Adam, which moves the raw value by about `learningRate` a step. */
export const rhoOptimizer = (learningRate: LearningRate = 0.02): OptimizerFactory =>
  adam({ learningRate, beta2: 0.99 });

/**
 * The optimizer of a regularization parameter: the one it was made with, or else the one `given` for all. The default is
 * {@link noiseOptimizer} for a scale, such as σ of noise, and {@link rhoOptimizer} for everything else. Parameters of one
 * kind share an optimizer.
 */
export function defaultOptimizers(
  schedule: Pick<Schedule, 'every'>,
  given?: OptimizerFactory,
): (parameter: { readonly optimizer?: OptimizerFactory; readonly isScale?: boolean }) => OptimizerFactory {
  const [ofScales, ofOthers] = [given ?? noiseOptimizer(schedule), given ?? rhoOptimizer()];
  return ({ optimizer, isScale }) => optimizer ?? (isScale ? ofScales : ofOthers);
}
