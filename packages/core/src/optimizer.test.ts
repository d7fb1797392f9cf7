import { describe, expect, test } from 'vitest';
import { exp, softplus } from './bijector';
import { float64 as fw } from './float64/float64';
import { adam, sgd } from './optimizer';
import { regularizationParameter } from './regularizationParameter';
import { RegularizationStep } from './regularizationStep';

const optimizers = {
  sgd: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
  adam: adam({ learningRate: 0.1 }),
};

describe.each(Object.entries(optimizers))('non-finite new values: %s', (name, optimizer) => {
  test('an element at −∞ stays there, its slots stay finite and its neighbour moves as alone', () => {
    const step = (start: number[], gradient: number[]) => {
      const x = fw.variable(fw.array(start));
      const made = optimizer(fw, [x]);
      for (let i = 0; i < 3; i++) made.step([fw.array(gradient)]);
      return { x: [...x.data], slots: made.slots.map(({ data }) => [...data]) };
    };
    const both = step([Number.NEGATIVE_INFINITY, 1], [0, 2]);
    const alone = step([1], [2]);
    expect(both.x).toEqual([Number.NEGATIVE_INFINITY, ...alone.x]);
    both.slots.forEach((slot, i) => {
      expect(slot).toEqual([0, ...alone.slots[i]]);
    });
  });

  test('finite gradients that would make infinite values move nothing', () => {
    const [x, y] = [fw.variable(fw.array(1)), fw.variable(fw.array(2))];
    // η g overflows, and so does g².
    const made = (name === 'adam' ? optimizer : sgd({ learningRate: 1e10, momentum: 0.9 }))(fw, [x, y]);
    made.step([fw.array(1e300), fw.array(1)]);
    expect([x.data[0], y.data[0]]).toEqual([1, 2]);
    for (const slot of made.slots) expect([...slot.data]).toEqual([0]);
  });
});

test.each([exp, softplus])(
  'non-finite new values: a parameter that is off ($name) stays off while another learns',
  async (bijector) => {
    for (const optimizer of Object.values(optimizers)) {
      const [off, on] = [fw.variable(fw.array(Number.NEGATIVE_INFINITY)), fw.variable(fw.array(0))];
      const rho = [
        regularizationParameter(fw, { name: 'off', variable: off, bijector }),
        regularizationParameter(fw, { name: 'on', variable: on, bijector }),
      ];
      const step = new RegularizationStep({ framework: fw, rho, optimizer });
      for (let i = 0; i < 5; i++) step.run(() => fw.add(rho[0].value(), rho[1].value()), i);
      await step.history.flush();
      expect(off.data[0]).toBe(Number.NEGATIVE_INFINITY);
      expect(step.history.rho.off.value).toEqual([0, 0, 0, 0, 0]);
      expect(on.data[0]).toBeLessThan(0);
      expect(step.history.skipped).toBe(0);
    }
  },
);

test('non-finite new values: a finite step of the raw value to an infinite σ is refused and counted', async () => {
  const variable = fw.variable(fw.array(700));
  const rho = [regularizationParameter(fw, { name: 'a', variable })];
  const step = new RegularizationStep({ framework: fw, rho, optimizer: sgd({ learningRate: 1 }) });
  // d(−10⁻³⁰² eʳ)/dr at 700 is −101, hence r = 801, whose exp overflows.
  step.run(() => fw.mul(rho[0].value(), fw.array(-1e-302)), 0);
  await step.history.flush();
  expect(variable.data[0]).toBe(700);
  expect(step.history.skipped).toBe(1);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, -0.1, undefined, '0.1'])(
  'a function that gives the rate %s is refused at its step, and nothing has moved',
  (bad) => {
    const rates = [0.1, 0, bad] as number[];
    for (const make of [sgd, adam]) {
      const x = fw.variable(fw.array([1, 2]));
      const made = make({ learningRate: (step) => rates[step] })(fw, [x]);
      const step = () => made.step([fw.array([1, 1])]);
      step();
      const after = [...x.data];
      expect(after[0]).toBeCloseTo(0.9, 6);
      step();
      expect([...x.data]).toEqual(after);
      expect(step).toThrow(/^learningRate: must be a finite number of at least 0, but is .*for step 2\.$/);
      expect([...x.data]).toEqual(after);
      expect(made.iterations).toBe(2);
    }
  },
);
