import { deserialize, serialize } from 'node:v8';
import { expect, test } from 'vitest';
import type { Array64 } from './float64/array64';
import { float64 as fw } from './float64/float64';
import { l2Norm } from './l2Norm';
import { normLevel } from './normLevel';
import { adam, type OptimizerFactory, sgd } from './optimizer';
import { type RegularizationParameter, regularizationParameter } from './regularizationParameter';
import { createTrainer, type Trainer } from './trainer';

const x = fw.normal([12, 3], 1);
const y = fw.normal([12, 1], 2);

/** A linear model with a norm level, a noise scale and training noise, so that a state has all of its parts. */
function run(optimizer: OptimizerFactory, name = 'σ') {
  const w = fw.variable(fw.normal([3, 1], 3));
  const level = fw.variable(l2Norm().value(fw, [w]));
  const raw = fw.variable(fw.array(-1));
  const rho: RegularizationParameter<Array64>[] = [
    normLevel(fw, { name: 'w', weights: [w], regularizer: l2Norm(), variable: level }),
    regularizationParameter(fw, { name, variable: raw }),
  ];
  const loss = (sign: number, { seed }: { seed: number }) => {
    const noise = fw.mul(fw.exp(raw), fw.normal([12, 1], seed));
    const error = fw.add(fw.sub(fw.matMul(x, w), fw.mul(y, fw.array(sign))), noise);
    return fw.sum(fw.mul(error, error));
  };
  const trainer: Trainer<Array64, number> = createTrainer({
    framework: fw,
    theta: [w],
    rho,
    trainLoss: loss,
    regularizationLoss: loss,
    schedule: { every: 2, samples: 1 },
    thetaOptimizer: optimizer,
  });
  const train = (from: number, to: number) => {
    for (let i = from; i < to; i++)
      trainer.step(i / 10, () => {
        // One refused ρ step: its loss is NaN and must stay in the history.
        return i === 3 ? Number.NaN : 1;
      });
  };
  return { trainer, train, variables: [w, level, raw] };
}

test.each([
  ['adam', adam({ learningRate: 0.01 })],
  ['momentum', sgd({ learningRate: 0.001, momentum: 0.9 })],
])('%s: a restored run goes on as if it had not been interrupted', async (_, optimizer) => {
  const straight = run(optimizer);
  straight.train(0, 20);
  const expected = await straight.trainer.state();
  expect(expected.regularization.history.skipped).toBe(1);

  const first = run(optimizer);
  first.train(0, 9);
  const saved = deserialize(serialize(await first.trainer.state()));
  first.train(9, 12);
  const second = run(optimizer);
  // Its earlier state is forgotten, including pending history.
  second.train(0, 2);
  second.trainer.loadState(saved);
  second.train(9, 20);
  expect(await second.trainer.state()).toEqual(expected);
  second.variables.forEach((variable, i) => {
    expect(variable.data).toEqual(straight.variables[i].data);
  });
});

test('a state that went through JSON is refused, and nothing changes', async () => {
  const { trainer, train } = run(adam({ learningRate: 0.01 }));
  train(0, 9);
  const before = await trainer.state();
  expect(() => trainer.loadState(JSON.parse(JSON.stringify(before)))).toThrow(
    'state: has no numbers for an array of shape [3,1]. JSON does not keep typed arrays: save the state with',
  );
  const short = { ...before, theta: [{ shape: [3, 1], values: new Float64Array(2) }] };
  expect(() => trainer.loadState(short)).toThrow('state: has 2 numbers for an array of shape [3,1].');
  expect(await trainer.state()).toEqual(before);
});

test('the state of another run is refused, and nothing changes', async () => {
  const state = await run(adam({ learningRate: 0.01 })).trainer.state();
  const other = run(sgd({ learningRate: 0.01 }));
  const before = await other.trainer.state();
  expect(() => other.trainer.loadState(state)).toThrow(
    'state: comes from another run: its shapes of θ and the slots of its optimizer are [[[3,1]],[[3,1],[3,1]]], here they are [[[3,1]],[]]',
  );
  expect(() => run(adam({ learningRate: 1 }), 'τ').trainer.loadState(state)).toThrow(
    'state: comes from another run: its regularization parameters are ["w","σ"], here they are ["w","τ"]',
  );
  const wider = { ...state, theta: [{ shape: [4, 1], values: new Float64Array(4) }] };
  expect(() => run(adam({ learningRate: 1 })).trainer.loadState(wider)).toThrow(
    'slots of its optimizer are [[[4,1]],[[3,1],[3,1]]], here they are [[[3,1]],[[3,1],[3,1]]]',
  );
  expect(await other.trainer.state()).toEqual(before);
});
