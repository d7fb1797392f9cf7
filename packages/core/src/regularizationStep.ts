import { ArgumentError, checkList } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { defaultOptimizers } from './defaultOptimizers';
import { ifWasFinite } from './finite';
import type { Framework, Optimizer } from './framework';
import { RegularizationHistory, type RegularizationRecord } from './history';
import { checkOptimizer, type OptimizerFactory } from './optimizer';
import type { RegularizationParameter } from './regularizationParameter';
import { defaultSchedule, type Schedule } from './schedule';
import {
  checkArrays,
  checkSame,
  loadArrays,
  loadOptimizer,
  type OptimizerState,
  type SavedArray,
  saveArrays,
  saveOptimizer,
} from './state';

/** The state after some ρ steps, from which {@link RegularizationStep.loadState} continues. */
export interface RegularizationState {
  /** Names of the regularization parameters. */
  names: string[];
  /** Their variables: raw for a parameter, the level for a norm. */
  rho: SavedArray[];
  optimizers: OptimizerState[];
  history: RegularizationRecord;
}

const namesOf = (rho: readonly { name: string }[]) => rho.map(({ name }) => name);

/**
 * The ρ half of the method: ρ ← ρ − η_ρ ∇_ρ L_val. It differentiates the regularization loss by ρ and nothing
 * else, moves ρ, and writes the history; θ is touched only where a norm level brings its weights along.
 *
 * A step whose loss or gradient is not finite is skipped as a whole, on the device, and counted in the history. So is a
 * step that would make a raw value or the parameter itself infinite or NaN (an exp that overflows): ρ is always finite. A
 * scale that is off, with a raw value of −∞, stays off.
 */
export class RegularizationStep<T> {
  readonly history: RegularizationHistory<T>;
  private readonly framework: Framework<T>;
  private readonly rho: readonly RegularizationParameter<T>[];
  private readonly variables: readonly T[];
  /** Each with the parameters that it moves. */
  private readonly optimizers: readonly {
    members: readonly RegularizationParameter<T>[];
    optimizer: Optimizer<T>;
  }[];

  /** @throws ArgumentError for no parameters, two of one name, or something that is not an optimizer. */
  constructor(options: {
    framework: Framework<T>;
    rho: readonly RegularizationParameter<T>[];
    /**
     * For each ρ that does not bring an optimizer. Default: {@link noiseOptimizer} for scales, the parameters with the bijector
     * `exp` or `softplus`, and {@link rhoOptimizer} for everything else. Parameters of one factory share an optimizer.
     */
    optimizer?: OptimizerFactory;
    /** When steps come, by which the default optimizer of scales sets its pace. Default `{ every: 'auto' }`. */
    schedule?: Pick<Schedule, 'every'>;
  }) {
    checkOptions('RegularizationStep', options, { framework: 1, rho: 1, optimizer: 1, schedule: 1 });
    const { framework, rho, optimizer, schedule = defaultSchedule } = options;
    checkList('rho', rho, 'what regularizationParameter(…) and normLevel(…) make');
    if (optimizer) checkOptimizer('optimizer', optimizer);
    if (rho.length === 0) {
      throw new ArgumentError('rho', 'is empty. Give at least one regularization parameter to learn.');
    }
    const names = namesOf(rho);
    const twice = names.find((name, i) => names.indexOf(name) !== i);
    if (twice !== undefined) {
      throw new ArgumentError(
        'rho',
        `has two parameters named "${twice}". Names must differ: history is kept by name.`,
      );
    }
    this.framework = framework;
    this.rho = rho;
    this.variables = rho.map(({ variable }) => variable);
    this.history = new RegularizationHistory(framework, rho);
    const factoryOf = defaultOptimizers(schedule, optimizer);
    this.optimizers = [...new Set(rho.map(factoryOf))].map((factory) => {
      const members = rho.filter((one) => factoryOf(one) === factory);
      const variables = members.map(({ variable }) => variable);
      return { members, optimizer: factory(framework, variables) };
    });
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
      const rest = [...gradients];
      const rhoGradients = rho.map((one) => one.gradient(rest.splice(0, one.wrt.length)));
      const gradientOf = new Map(rho.map((one, i) => [one, rhoGradients[i]]));
      const finite = fw.allFinite([value, ...rhoGradients]);
      const before = rho.map(({ variable }) => fw.add(variable, fw.array(0)));
      for (const { members, optimizer } of this.optimizers) {
        const own = members.map((one) => gradientOf.get(one)!);
        optimizer.step(own, finite);
      }
      const sound = fw.allFinite(
        rho.flatMap((one, i) => [one.value(), ifWasFinite(fw, before[i], one.variable)]),
      );
      for (const [i, { variable }] of rho.entries()) {
        fw.assign(variable, fw.where(sound, variable, before[i]));
      }
      for (const one of rho) one.afterRhoStep();
      this.history.record(trainingStep, value, fw.mul(finite, sound), rhoGradients);
    });
  }

  /** A copy of ρ, its optimizers' moments and the history, off the device. */
  async state(): Promise<RegularizationState> {
    const { framework, rho, variables, optimizers, history } = this;
    await history.flush();
    const [values, ...states] = await Promise.all([
      saveArrays(framework, variables),
      ...optimizers.map(({ optimizer }) => saveOptimizer(framework, optimizer)),
    ]);
    return {
      names: namesOf(rho),
      rho: values,
      optimizers: states,
      history: structuredClone(history.toJSON()),
    };
  }

  /**
   * Continues from a saved state, bit for bit. The caller restores the weights under a norm.
   *
   * @throws ArgumentError for the state of other parameters or optimizers; nothing has changed then.
   */
  loadState(state: RegularizationState): void {
    this.checkState(state);
    const { framework, variables, optimizers, history } = this;
    loadArrays(framework, variables, state.rho);
    optimizers.forEach(({ optimizer }, i) => {
      loadOptimizer(framework, optimizer, state.optimizers[i]);
    });
    history.loadRecord(state.history);
  }

  /** @throws ArgumentError for a state that {@link loadState} would refuse. */
  checkState(state: RegularizationState): void {
    const { framework, rho, variables, optimizers } = this;
    const saved = [state.rho, ...state.optimizers.map(({ slots }) => slots)];
    const here = [variables, ...optimizers.map(({ optimizer }) => optimizer.slots)];
    checkSame('regularization parameters', state.names, namesOf(rho));
    checkArrays('ρ and the slots of its optimizers', framework, saved, here);
  }

  /** Frees the optimizer's state and what the history still holds on the device; ρ itself stays the caller's. */
  dispose(): void {
    for (const { optimizer } of this.optimizers) optimizer.dispose();
    this.history.dispose();
  }
}
