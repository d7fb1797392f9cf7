import { customRegularizer } from '../customRegularizer';
import type { Array64 } from '../float64/array64';
import { float64 } from '../float64/float64';
import type { Framework } from '../framework';
import { groupLasso } from '../groupLasso';
import { l1Norm } from '../l1Norm';
import { l2Norm } from '../l2Norm';
import { averagePredictions, logMeanExp } from '../monteCarlo';
import { adam } from '../optimizer';
import { differencePenalty, smoothness } from '../smoothness';

/** One promise of the contract: `run` rejects with the reason where the framework breaks it. */
export interface ContractCase {
  name: string;
  run(): Promise<void>;
}

/** Σ w⁴: a regularizer whose normal is found by differentiation and whose retraction by Newton steps. */
const quartic = customRegularizer({
  value: (fw, weights) =>
    weights.map((w) => fw.sum(fw.mul(fw.mul(w, w), fw.mul(w, w)))).reduce((sum, term) => fw.add(sum, term)),
});

type Build = <T>(fw: Framework<T>, ...inputs: T[]) => T;

const A = [0.5, -1.2, 2, 0.3, -0.7, 1.1];
const B = [1.5, 0.4, -0.8, 2.2, 0.9, -1.3];
const positive = A.map((x) => Math.abs(x) + 0.2);

/** Differentiable expressions, each of the inputs named; compared with float64 in value and in every gradient. */
const expressions: readonly [name: string, inputs: readonly [number[], number[]][], build: Build][] = [
  [
    'add',
    [
      [A, [2, 3]],
      [B, [2, 3]],
    ],
    (fw, a, b) => fw.add(a, b),
  ],
  [
    'sub, broadcast over rows',
    [
      [A, [2, 3]],
      [[1, 2, 3], [3]],
    ],
    (fw, a, b) => fw.sub(a, b),
  ],
  [
    'mul, broadcast over columns',
    [
      [A, [2, 3]],
      [
        [2, -1],
        [2, 1],
      ],
    ],
    (fw, a, b) => fw.mul(a, b),
  ],
  [
    'mul, a scalar',
    [
      [A, [2, 3]],
      [[1.7], []],
    ],
    (fw, a, b) => fw.mul(a, b),
  ],
  [
    'div',
    [
      [A, [2, 3]],
      [B, [2, 3]],
    ],
    (fw, a, b) => fw.div(a, b),
  ],
  [
    'maximum',
    [
      [A, [2, 3]],
      [B, [2, 3]],
    ],
    (fw, a, b) => fw.maximum(a, b),
  ],
  ['exp', [[A, [2, 3]]], (fw, a) => fw.exp(a)],
  ['log', [[positive, [2, 3]]], (fw, a) => fw.log(a)],
  ['sqrt', [[positive, [2, 3]]], (fw, a) => fw.sqrt(a)],
  ['abs', [[A, [2, 3]]], (fw, a) => fw.abs(a)],
  ['softplus', [[A, [2, 3]]], (fw, a) => fw.softplus(a)],
  ['softplus, far out', [[[-80, 80, -30, 30], [4]]], (fw, a) => fw.softplus(a)],
  [
    'where',
    [
      [A, [2, 3]],
      [B, [2, 3]],
    ],
    (fw, a, b) => fw.where(fw.maximum(fw.sign(a), fw.array(0)), a, b),
  ],
  ['sum of all', [[A, [2, 3]]], (fw, a) => fw.sum(a)],
  ['sum of an axis', [[A, [2, 3]]], (fw, a) => fw.sum(a, [0])],
  ['sum, kept dimensions', [[A, [2, 3]]], (fw, a) => fw.sum(a, [1], true)],
  ['max of an axis', [[A, [2, 3]]], (fw, a) => fw.max(a, [1])],
  ['max, kept dimensions', [[A, [2, 3]]], (fw, a) => fw.max(a, [0], true)],
  [
    'matMul',
    [
      [A, [2, 3]],
      [B, [3, 2]],
    ],
    (fw, a, b) => fw.matMul(a, b),
  ],
  ['reshape', [[A, [2, 3]]], (fw, a) => fw.reshape(a, [3, 2])],
  [
    'stack',
    [
      [A, [2, 3]],
      [B, [2, 3]],
    ],
    (fw, a, b) => fw.stack([a, b]),
  ],
  ['stopGradient', [[A, [2, 3]]], (fw, a) => fw.mul(a, fw.stopGradient(a))],
  ['logMeanExp', [[A, [2, 3]]], (fw, a) => logMeanExp(fw, a)],
  [
    'logMeanExp, far out',
    [
      [
        [900, -900, 910, -905],
        [2, 2],
      ],
    ],
    (fw, a) => logMeanExp(fw, a),
  ],
  ['averaged logits', [[A, [2, 1, 3]]], (fw, a) => averagePredictions(fw, a, 'logits')],
];

function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

function checkClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): void {
  check(actual.length === expected.length, `${what}: ${actual.length} numbers, expected ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    const close = Math.abs(actual[i] - expected[i]) <= tolerance * (1 + Math.abs(expected[i]));
    check(close, `${what}: [${i}] is ${actual[i]}, expected ${expected[i]} (tolerance ${tolerance})`);
  }
}

/** Σ weights · f(inputs), with fixed uneven weights, so that no gradient hides in a symmetry. */
function weighted<T>(fw: Framework<T>, y: T): T {
  const shape = fw.shape(y);
  const count = shape.reduce((product, n) => product * n, 1);
  const weights = fw.array(
    Float64Array.from({ length: count }, (_, i) => 1 + 0.3 * i),
    shape,
  );
  return fw.sum(fw.mul(y, weights));
}

async function evaluate<T>(fw: Framework<T>, inputs: readonly [number[], number[]][], build: Build) {
  const variables = inputs.map(([values, shape]) => {
    const initial = fw.array(values, shape);
    const variable = fw.variable(initial);
    fw.dispose(initial);
    return variable;
  });
  const { y, gradients } = fw.tidy(() => ({
    y: build(fw, ...variables),
    gradients: fw.valueAndGradients(() => weighted(fw, build(fw, ...variables)), variables).gradients,
  }));
  const shape = fw.shape(y);
  const result = {
    value: await fw.read(y),
    shape,
    gradients: await Promise.all(gradients.map((g) => fw.read(g))),
  };
  fw.dispose([y, ...gradients, ...variables]);
  return result;
}

/**
 * A two-layer network with learned noise and the loss of its K-sample average: the computation the method stands
 * on, written once for every framework. Noise is given, so that frameworks can be compared number by number.
 */
export function noisyLoss<T>(fw: Framework<T>, raw: T, kind: 'classifier' | 'regressor', samples = 3): T {
  const draw = (shape: number[], seed: number) => {
    const { data } = float64.normal(shape, seed) as Array64;
    return fw.array(data, shape);
  };
  const x = draw([5, 4], 1);
  const hidden = fw.matMul(x, draw([4, 3], 2));
  const last = draw([3, 3], 3);
  const outputs = Array.from({ length: samples }, (_, k) => {
    const noise = fw.mul(fw.exp(raw), draw([5, 3], 10 + k));
    return fw.matMul(fw.softplus(fw.add(hidden, noise)), last);
  });
  const target = fw.array([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1], [5, 3]);
  if (kind === 'classifier') {
    const logProbabilities = averagePredictions(fw, fw.stack(outputs), 'logits');
    return fw.mul(fw.sum(fw.mul(target, logProbabilities)), fw.array(-1 / 5));
  }
  const error = fw.sub(averagePredictions(fw, fw.stack(outputs), 'mean'), target);
  return fw.div(fw.sum(fw.mul(error, error)), fw.array(5));
}

/**
 * The suite that every `Framework<T>` must pass: a list of cases for any test runner.
 *
 * ```ts
 * for (const { name, run } of frameworkContract(tfjs)) test(name, run);
 * ```
 */
export function frameworkContract<T>(
  fw: Framework<T>,
  {
    tolerance = 2e-5,
    liveArrays,
    compiledKernels,
  }: {
    /** Largest error, absolute below 1 and relative above. Default 2e-5, for float32. */
    tolerance?: number;
    /** How many arrays are alive. Where it is given, 1,000 steps must not leave one behind. */
    liveArrays?: () => number;
    /** How many kernels have been compiled. Where it is given, 1,000 steps must compile none after the first ones. */
    compiledKernels?: () => number;
  } = {},
): ContractCase[] {
  const cases: ContractCase[] = expressions.map(([name, inputs, build]) => ({
    name: `${name}: value, shape and gradients agree with float64`,
    async run() {
      const [actual, expected] = [await evaluate(fw, inputs, build), await evaluate(float64, inputs, build)];
      check(
        String(actual.shape) === String(expected.shape),
        `shape [${actual.shape}], expected [${expected.shape}]`,
      );
      checkClose('value', actual.value, expected.value, tolerance);
      expected.gradients.forEach((g, i) => {
        checkClose(`gradient ${i}`, actual.gradients[i], g, tolerance);
      });
    },
  }));

  for (const kind of ['classifier', 'regressor'] as const) {
    for (const [per, raw] of [
      ['scalar', [-0.3]],
      ['per-channel', [-0.3, 0.2, 0.6]],
    ] as const) {
      cases.push({
        name: `∂L_val/∂ρ through the K-sample average: ${kind}, ${per} σ, agrees with finite differences`,
        async run() {
          const shape = raw.length > 1 ? [raw.length] : [];
          const { gradients } = await evaluate(fw, [[[...raw], shape]], (any, rho) =>
            noisyLoss(any, rho, kind),
          );
          // Differences are taken in float64, where they are exact enough to judge a float32 gradient.
          const h = 1e-5;
          const loss = (values: number[]) => noisyLoss(float64, float64.array(values, shape), kind).data[0];
          const differences = raw.map((_, i) => {
            const moved = (by: number) => raw.map((v, j) => (i === j ? v + by : v));
            return (loss(moved(h)) - loss(moved(-h))) / (2 * h);
          });
          check(
            differences.some((d) => Math.abs(d) > 1e-3),
            'the loss hardly depends on ρ: the case tests nothing',
          );
          checkClose('∂L/∂ρ', gradients[0], differences, Math.max(tolerance, 1e-7));
        },
      });
    }
  }

  cases.push(
    {
      name: 'a variable keeps what is assigned, and assignment copies',
      async run() {
        const variable = fw.variable(fw.array([1, 2]));
        fw.assign(variable, fw.array([3, 4]));
        checkClose('variable', await fw.read(variable), [3, 4], 0);
        let refused = false;
        try {
          fw.assign(variable, fw.array([1, 2, 3]));
        } catch {
          refused = true;
        }
        check(refused, 'assigning another shape must throw');
      },
    },
    {
      name: 'tidy keeps what it returns, and variables survive it',
      async run() {
        const made: T[] = [];
        const kept = fw.tidy(() => {
          made.push(fw.variable(fw.array(5)));
          return { inside: [fw.add(fw.array(1), fw.array(2))] };
        });
        checkClose('kept', await fw.read(kept.inside[0]), [3], 0);
        checkClose('variable', await fw.read(made[0]), [5], 0);
        fw.dispose([...kept.inside, ...made]);
        fw.dispose(made);
      },
    },
    {
      name: 'a variable that is assigned inside a gradient: the gradient is that of what was read, and the value stays',
      async run() {
        const [x, average] = [fw.variable(fw.array([1, 2])), fw.variable(fw.array([5, 5]))];
        const { value, gradients } = fw.valueAndGradients(() => {
          const product = fw.mul(fw.mul(x, x), average);
          // As a batch norm keeps a moving average: of what depends on x, and read again afterwards.
          fw.assign(average, fw.stopGradient(fw.mul(x, fw.array(3))));
          return fw.sum(fw.add(product, average));
        }, [x]);
        checkClose('value', await fw.read(value), [5 + 20 + 3 + 6], tolerance);
        checkClose('gradient', await fw.read(gradients[0]), [10, 20], tolerance);
        checkClose('variable', await fw.read(average), [3, 6], tolerance);
        fw.dispose([x, average, value, ...gradients]);
      },
    },
    {
      name: 'a gradient that does not exist is zero',
      async run() {
        const [x, unused] = [fw.variable(fw.array([1, 2])), fw.variable(fw.array([3, 4]))];
        const some = fw.valueAndGradients(() => fw.sum(fw.mul(x, x)), [x, unused]);
        checkClose('used', await fw.read(some.gradients[0]), [2, 4], tolerance);
        checkClose('unused', await fw.read(some.gradients[1]), [0, 0], 0);
        const none = fw.valueAndGradients(() => fw.sum(fw.mul(x, x)), [unused]);
        checkClose('none used', await fw.read(none.gradients[0]), [0, 0], 0);
      },
    },
    {
      name: 'allFinite sees every NaN and infinity',
      async run() {
        const fine = fw.array([1, 2]);
        checkClose('finite', await fw.read(fw.allFinite([fine, fw.array(0)])), [1], 0);
        for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          checkClose(String(bad), await fw.read(fw.allFinite([fine, fw.array([0, bad])])), [0], 0);
        }
      },
    },
    {
      name: 'where does not let the side it drops through',
      async run() {
        const picked = fw.where(fw.array([1, 0]), fw.array([1, Number.NaN]), fw.array([Number.NaN, 2]));
        checkClose('picked', await fw.read(picked), [1, 2], 0);
        const byNaN = fw.where(fw.array([Number.NaN, 0]), fw.array(1), fw.array(2));
        checkClose('NaN is not zero', await fw.read(byNaN), [1, 2], 0);
      },
    },
    {
      name: 'normal numbers repeat with their seed and have the right moments (5σ bounds)',
      async run() {
        const n = 20000;
        const first = await fw.read(fw.normal([n], 7));
        checkClose('same seed', await fw.read(fw.normal([n], 7)), first, 0);
        const other = await fw.read(fw.normal([n], 8));
        const average = (f: (i: number) => number) => {
          let sum = 0;
          for (let i = 0; i < n; i++) sum += f(i);
          return sum / n;
        };
        // Standard errors of the moments of N(0, 1) from n draws: 1, √2 and 1 over √n.
        const bound = 5 / Math.sqrt(n);
        check(Math.abs(average((i) => first[i])) < bound, 'the mean is not 0');
        check(Math.abs(average((i) => first[i] ** 2) - 1) < bound * Math.SQRT2, 'the variance is not 1');
        check(Math.abs(average((i) => first[i] * other[i])) < bound, 'two seeds correlate');
      },
    },
    {
      name: 'an optimizer step agrees with float64, and a disabled one changes nothing',
      async run() {
        const train = async <U>(any: Framework<U>) => {
          const x = any.variable(any.array([1, -2, 3]));
          const optimizer = adam({ learningRate: 0.1 })(any, [x]);
          for (const on of [1, 1, 0, 1]) {
            const gradient = on ? any.mul(any.stopGradient(x), any.array(2)) : any.array([Number.NaN, 1, 2]);
            optimizer.step([gradient], any.array(on));
          }
          const result = await any.read(x);
          optimizer.dispose();
          return result;
        };
        checkClose('x', await train(fw), await train(float64), tolerance);
      },
    },
  );

  const counts = Object.entries({ liveArrays, compiledKernels }).filter(([, count]) => count !== undefined);
  if (counts.length > 0) {
    cases.push({
      name: `1,000 training steps leave as they were: ${counts.map(([name]) => name).join(', ')}`,
      async run() {
        const x = fw.variable(fw.array([1, -2, 3]));
        // A rate and a seed that differ in every step: neither may end up as a constant in a kernel.
        const optimizer = adam({ learningRate: (step) => 0.01 / (step + 1) })(fw, [x]);
        const run = async (from: number, to: number) => {
          for (let step = from; step < to; step++) {
            const { value, gradients } = fw.tidy(() =>
              fw.valueAndGradients(() => {
                const noisy = fw.add(x, fw.normal([3], step));
                return fw.sum(fw.mul(noisy, noisy));
              }, [x]),
            );
            optimizer.step(gradients);
            await fw.read(value);
            fw.dispose([value, ...gradients]);
          }
          await fw.read(x);
          return counts.map(([, count]) => count!());
        };
        const before = await run(0, 20);
        const after = await run(20, 1020);
        optimizer.dispose();
        fw.dispose(x);
        counts.forEach(([name], i) => {
          check(after[i] <= before[i], `${name} went from ${before[i]} to ${after[i]}`);
        });
      },
    });
  }

  for (const regularizer of [l2Norm(), l1Norm(), groupLasso(), smoothness(differencePenalty(3)), quartic]) {
    cases.push({
      name: `${regularizer.name}: value, normal and retraction agree with float64`,
      async run() {
        const results = async <U>(any: Framework<U>) => {
          const w = any.variable(any.array(A, [3, 2]));
          const arrays = any.tidy(() => {
            const value = regularizer.value(any, [w]);
            const [normal] = regularizer.gradient(any, [w]);
            const retracted = [0.8, 1.2].flatMap((factor) =>
              regularizer.retract(any, [w], any.mul(value, any.array(factor))),
            );
            return [value, normal, ...retracted];
          });
          const numbers = await Promise.all(arrays.map((x) => any.read(x)));
          any.dispose([w, ...arrays]);
          return numbers;
        };
        const [actual, expected] = [await results(fw), await results(float64)];
        ['value', 'normal', 'retraction inwards', 'retraction outwards'].forEach((what, i) => {
          checkClose(what, actual[i], expected[i], tolerance);
        });
      },
    });
  }
  return cases;
}
