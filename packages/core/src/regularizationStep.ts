import { ArgumentError } from './argumentError';
import type { Framework } from './framework';
import { RegularizationHistory } from './history';
import { adam, type LearningRate, type OptimizerFactory } from './optimizer';
import type { Rho } from './rho';

/** ρ's optimizer unless another is given: Adam, whose steps are of about `learningRate` in log σ. */
export const rhoAdam = (learningRate: LearningRate = 0.02): OptimizerFactory =>
  adam({ learningRate, beta2: 0.99 });

/**
 * The ρ half of the method: ρ ← ρ − η_ρ ∇_ρ L_val. It differentiates the regularization loss by ρ and nothing
 * else, moves ρ, and writes the history; θ is touched only where a norm level brings its weights along.
 *
 * A step whose loss or gradient is not finite is skipped as a whole, on the device, and counted in the history.
 */
export class RegularizationStep<T> {
  readonly history: RegularizationHistory<T>;
  private readonly framework: Framework<T>;
  private readonly rho: readonly Rho<T>[];
  private readonly optimizers: readonly {
    members: readonly number[];
    optimizer: ReturnType<OptimizerFactory>;
  }[];

  constructor({
    framework,
    rho,
    optimizer = rhoAdam(),
  }: {
    framework: Framework<T>;
    rho: readonly Rho<T>[];
    /** One for all, or a function that chooses one for each ρ. Those given the same factory share an optimizer. */
    optimizer?: OptimizerFactory | { for(rho: Rho<T>): OptimizerFactory };
  }) {
    if (rho.length === 0) {
      throw new ArgumentError('rho', 'is empty. Give at least one regularization parameter to learn.');
    }
    const names = rho.map(({ name }) => name);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) {
      throw new ArgumentError(
        'rho',
        `has two parameters named "${twice}". Names must differ: history is kept by name.`,
      );
    }
    this.framework = framework;
    this.rho = rho;
    this.history = new RegularizationHistory(framework, rho);
    const byFactory = new Map<OptimizerFactory, number[]>();
    rho.forEach((one, i) => {
      const factory = typeof optimizer === 'function' ? optimizer : optimizer.for(one);
      byFactory.set(factory, [...(byFactory.get(factory) ?? []), i]);
    });
    this.optimizers = [...byFactory].map(([factory, members]) => ({
      members,
      optimizer: factory(
        framework,
        members.map((i) => rho[i].variable),
      ),
    }));
  }

  /**
   * One ρ step.
   *
   * @param loss - the regularization loss, a scalar: of the K-sample *averaged* prediction, where there is noise.
   * @param trainingStep - the number of training steps so far, for the history.
   */
  run(loss: () => T, trainingStep: number): void {
    const { framework: fw, rho } = this;
    fw.tidy(() => {
      const wrt = rho.flatMap((one) => one.wrt);
      const { value, gradients } = fw.valueAndGradients(loss, wrt);
      let taken = 0;
      const rhoGradients = rho.map((one) => {
        const own = gradients.slice(taken, taken + one.wrt.length);
        taken += one.wrt.length;
        return one.gradient(own);
      });
      const finite = fw.allFinite([value, ...rhoGradients]);
      for (const { members, optimizer } of this.optimizers) {
        (optimizer as { step(gradients: readonly T[], enabled?: T): void }).step(
          members.map((i) => rhoGradients[i]),
          finite,
        );
      }
      for (const one of rho) one.settle();
      this.history.record(trainingStep, value, finite, rhoGradients);
    });
  }

  /** Frees the optimizer's state and what the history still holds on the device; ρ itself stays the caller's. */
  dispose(): void {
    for (const { optimizer } of this.optimizers) optimizer.dispose();
    this.history.dispose();
  }
}
