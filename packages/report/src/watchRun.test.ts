import { expect, test } from 'vitest';
import { watchRun } from './watchRun';

test('at the end of an epoch, every surface is drawn from the history so far', async () => {
  const drawn: { container: any; data: any }[] = [];
  const visor = {
    render: {
      linechart: async (container: any, data: any) => {
        drawn.push({ container, data });
      },
    },
  };
  const history = {
    step: [1, 2],
    loss: [2, Number.NaN],
    rho: {
      dense_noise: { value: [1, 0.5], gradient: [0, 0] },
      'dense/l2': { value: [4, 6], gradient: [0, 0] },
    },
    skipped: 1,
  };
  const watch = watchRun(visor, { history });
  await watch.onEpochEnd();
  expect(drawn.map(({ container }) => container)).toEqual(
    ['Learned noise', 'Learned norms', 'Regularization loss'].map((name) => ({ name, tab: 'crossreg' })),
  );
  expect(drawn.map(({ data }) => data.values)).toEqual([
    [
      [
        { x: 1, y: 1 },
        { x: 2, y: 0.5 },
      ],
    ],
    [
      [
        { x: 1, y: 1 },
        { x: 2, y: 1.5 },
      ],
    ],
    [[{ x: 1, y: 2 }]],
  ]);
  history.step.push(3);
  history.loss.push(1);
  history.rho.dense_noise.value.push(0.25);
  await watch.onEpochEnd();
  expect(drawn[3].data.values[0]).toHaveLength(3);
});

test('before the first ρ step nothing is drawn, and a module other than tfjs-vis is refused', async () => {
  const visor = { render: { linechart: () => Promise.reject(new Error('drawn')) } };
  const history = { step: [], loss: [], rho: { a: { value: [], gradient: [] } }, skipped: 0 };
  await watchRun(visor, { history }).onEpochEnd();
  expect(() => watchRun({} as never, { history })).toThrow(/visor: must be the tfjs-vis module/);
  // A history alone, which did not fail until the first epoch had ended.
  expect(() => watchRun(visor, history as never)).toThrow(/cross: must be a crossRegularization callback/);
  expect(() => watchRun(visor, { history }, { tabs: 'x' } as never)).toThrow(/Did you mean tab/);
});
