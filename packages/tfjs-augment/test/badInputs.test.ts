import * as core from '@crossreg/core';
import * as layers from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import * as augment from '../src';
import { badInputs } from './badInputs';
import { packages } from './packages';

await tf.setBackend('cpu');
const model = tf.sequential({
  layers: [tf.layers.dense({ inputShape: [2], units: 3, activation: 'relu' }), tf.layers.dense({ units: 1 })],
});
const compiled = tf.sequential({
  layers: [tf.layers.dense({ inputShape: [2], units: 3, activation: 'relu' }), tf.layers.dense({ units: 1 })],
});
compiled.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
const disposed = tf.zeros([4, 2]);
disposed.dispose();
const [x, y] = [tf.zeros([4, 2]), tf.zeros([4, 1])];
const scope = {
  tf,
  model,
  compiled,
  disposed,
  imageModel: tf.sequential({ layers: [tf.layers.flatten({ inputShape: [8, 8, 3] })] }),
  stockAdam: tf.train.adam(0.1),
  ...{ images: tf.zeros([1, 2, 2, 1]), matrices: tf.zeros([1, 2, 3]) },
  ...{ x, y, optimizer: core.sgd({ learningRate: 1 }), trainLoss: () => 0 },
  rho: core.regularizationParameter(core.float64, {
    name: 's',
    variable: core.float64.variable(core.float64.array(0)),
  }),
  cross: () => layers.crossRegularization({ regularizationData: [x, y], noise: true }),
  layer: new augment.LearnableAugmentation({ rotate: 5 }),
  data: { features: [1, 2, 3], targets: [1, 2, 3], shape: [3, 1] },
};

/** Runs the code of a row with the package's names in scope, and gives the error that it is refused with. */
async function refusal(name: string, code: string): Promise<Error> {
  const names = { ...scope, ...packages[name] };
  const body = `return (async () => { ${code}; })();`;
  try {
    await new Function(...Object.keys(names), body)(...Object.values(names));
  } catch (error) {
    return error as Error;
  }
  throw new Error(`${code} was accepted`);
}

const rows = Object.entries(badInputs).flatMap(([name, list]) => list.map((row) => [name, ...row] as const));

test('there are at least 60 rows, all different', () => {
  expect(rows.length).toBeGreaterThanOrEqual(60);
  expect(new Set(rows.map(([name, code]) => name + code)).size).toBe(rows.length);
});

test.each(rows)(
  '%s: %s is refused by a message with the argument, what was given and what to do',
  async (name, code, argument, given, remedy) => {
    const backend = tf.getBackend();
    const { numTensors } = tf.memory();
    const weights = model.getWeights().map((w) => w.dataSync().slice());
    const error = await refusal(name, code);
    const { message } = error;
    expect(message.startsWith(argument), message).toBe(true);
    expect(message).toContain(given);
    expect(message).toContain(remedy);
    // All packages throw the same kind of error, also those without dependencies, and never an internal TypeError.
    expect(error.name).toBe('ArgumentError');
    expect(message.startsWith(`${(error as core.ArgumentError).argument}: `), message).toBe(true);
    // Before the first step: no tensor was created, no weight changed, and no backend chosen.
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(model.getWeights().map((w) => w.dataSync())).toEqual(weights);
    expect(tf.getBackend()).toBe(backend);
  },
);

test('docs/bad-inputs.md shows them (vitest -u writes it)', async () => {
  const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
  const sections: string[] = [];
  for (const [name, list] of Object.entries(badInputs)) {
    const cells = [['code', 'message']];
    for (const [code] of list) {
      cells.push([`\`${cell(code)}\``, cell((await refusal(name, code)).message)]);
    }
    // Columns as wide as their longest cell, as the formatter wants them.
    const widths = [0, 1].map((k) => Math.max(...cells.map((row) => row[k].length)));
    const line = (row: string[], fill = ' ') =>
      `| ${row.map((c, k) => c.padEnd(widths[k], fill)).join(' | ')} |`;
    const [head, ...body] = cells.map((row) => line(row));
    sections.push(`## @crossreg/${name}`, '', head, line(['', ''], '-'), ...body, '');
  }
  const text =
    '# Bad inputs and their error messages\n\n' +
    'Each of these inputs is refused before anything is computed. A test runs every row and writes this page ' +
    '(`packages/tfjs-augment/test/badInputs.test.ts`).\n\n';
  await expect(`${text}${sections.join('\n').trimEnd()}\n`).toMatchFileSnapshot(
    '../../../docs/bad-inputs.md',
  );
});
