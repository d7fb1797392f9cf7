import { noiseOptimizer } from './noiseOptimizer';
import type { OptimizerFactory } from './optimizer';
import { rhoOptimizer } from './regularizationStep';
import type { Schedule } from './schedule';

/**
 * Which optimizer a regularization parameter has in a loop with a schedule: {@link noiseOptimizer} for a scale, of noise
 * above all, and {@link rhoOptimizer} for everything else. Parameters of one kind share an optimizer.
 *
 * @param given - replaces both.
 */
export function defaultOptimizers(
  schedule: Pick<Schedule, 'every'>,
  given?: OptimizerFactory,
): (parameter: { readonly isScale?: boolean }) => OptimizerFactory {
  const [ofScales, ofOthers] = [given ?? noiseOptimizer(schedule), given ?? rhoOptimizer()];
  return ({ isScale }) => (isScale ? ofScales : ofOthers);
}
