import { blockUntilReady, defaultDevice, init, numpy as np, random } from '@jax-js/jax';
import { beforeAll, expect, test } from 'vitest';
import { classifier } from '../test/problems';
import { loadState, saveState } from '.';

beforeAll(async () => {
  await init('wasm');
  defaultDevice('wasm');
});

test('a saved run continues to the identical result', async () => {
  const { method, params, batch } = classifier();
  const run = async (state: any, from: number, to: number) => {
    for (let step = from; step < to; step++) {
      [state] = method.step(state, batch(step % 5), () => batch(6), random.key(3));
      await blockUntilReady(state.params);
    }
    return state;
  };
  const whole = await saveState(await run(method.init(params(), { hidden: 0.3 }), 0, 12));
  const half = structuredClone(await saveState(await run(method.init(params(), { hidden: 0.3 }), 0, 7)));
  const fresh = () => classifier().method.init(params(), { hidden: 0.7 });
  const rest = await saveState(await run(loadState(fresh(), half), 7, 12));
  expect(rest).toEqual(whole);
  expect(rest.history).toHaveLength(6);
  const other = method.init({ ...params(), third: np.zeros([2]) }, { hidden: 0.3 });
  expect(() => loadState(other, half)).toThrow(/saved: comes from another run/);
});
