import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** The code blocks of a document in the given languages, separated by `|`. Blocks in `mjs` need a bundler. */
export const blocksOf = (file, languages = 'js|ts') =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      new RegExp(`\`\`\`(?:${languages})\\n([\\s\\S]*?)\`\`\``, 'g'),
    ),
  ].map(([, code]) => code);

// The code of the READMEs and guides, as programs that a user would write. The blocks of one file are one program, in order.
// Those in TypeScript use no types, so that Node runs them too. Data that the guide offers take the place of the reader's.
const model = `
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [4], units: 16, activation: 'relu' }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });`;
const [examples] = blocksOf('docs/guide/getting-started.md');

const trained = `
    import { mkdtempSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    import * as tf from '@tensorflow/tfjs';
    import { crossRegularization, injectNoise } from '@crossreg/tfjs-layers';
    process.chdir(mkdtempSync(tmpdir() + '/report-'));
    ${model}${examples}
    const noisy = injectNoise(model);
    noisy.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    const cross = crossRegularization({ regularizationData: [xReg, yReg] });
    await noisy.fit(xTrain, yTrain, { epochs: 3, verbose: 0, callbacks: cross });
    const [losses, plainLosses, testLabels] = [[2, 1.5, 1], [2, 1, 0.1], [0, 1, 2, 0, 1]];
    const tfvis = { render: { linechart: async () => {} } };`;

const [imageData] = blocksOf('docs/guide/augmentation.md');

/** A document, the folder of the package whose users it addresses, and the code that it presupposes. */
export const documents = [
  ['README.md', 'examples/quickstart'],
  ...['regularization-set', 'from-dropout-and-weight-decay', 'own-loop', 'ensembles'].map((name) => [
    `docs/guide/${name}.md`,
    'packages/tfjs-layers',
    examples,
  ]),
  ['docs/guide/getting-started.md', 'packages/tfjs-layers'],
  [
    'docs/guide/saving-and-serving.md',
    'packages/tfjs-layers',
    `import { mkdtempSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    process.chdir(mkdtempSync(tmpdir() + '/saving-'));
    ${examples}`,
  ],
  ['docs/guide/troubleshooting.md', 'packages/tfjs-layers', `${model}${examples}`],
  [
    'docs/guide/calibration.md',
    'packages/tfjs-layers',
    `${model}${examples}
    const [xCalibration, testLabels, calibrationLabels] = [inputs(30), [0, 1, 2, 0, 1], Array.from({ length: 30 }, (_, i) => i % 3)];`,
  ],
  ['docs/guide/augmentation.md', 'packages/tfjs-augment'],
  ['docs/guide/choosing-a-backend.md', 'packages/tfjs-node'],
  ['docs/another-framework.md', 'packages/core'],
  ['packages/calibration/README.md', 'packages/calibration'],
  ['packages/core/README.md', 'packages/core'],
  [
    'packages/datasets/README.md',
    'packages/datasets',
    `const folder = ${JSON.stringify(`${root}packages/datasets/data/fashion-mnist`)};`,
  ],
  ['packages/jax/README.md', 'packages/jax'],
  ['packages/linear/README.md', 'packages/linear'],
  ['packages/report/README.md', 'examples/quickstart', trained],
  ['docs/guide/reading-a-run.md', 'examples/quickstart', trained],
  [
    'packages/runs/README.md',
    'packages/runs',
    `import { mkdtempSync, writeFileSync } from 'node:fs';
    import { tmpdir } from 'node:os';
    process.chdir(mkdtempSync(tmpdir() + '/runs-'));
    writeFileSync('train.mjs', 'export default ({ run }) => ({ loss: run.seed / 10 })');`,
  ],
  ['packages/tfjs/README.md', 'packages/tfjs'],
  [
    'packages/tfjs-augment/README.md',
    'packages/tfjs-augment',
    `import * as tf from '@tensorflow/tfjs';
    import '@crossreg/tfjs-wasm';
    await tf.setBackend('wasm');${imageData}`,
  ],
  [
    'packages/tfjs-layers/README.md',
    'packages/tfjs-layers',
    `${examples}
    const folder = new URL('run', import.meta.url).pathname;`,
  ],
  ['packages/tfjs-native/README.md', 'packages/tfjs-wasm'],
  ['packages/tfjs-node/README.md', 'packages/tfjs-node'],
  [
    'packages/tfjs-wasm/README.md',
    'packages/tfjs-wasm',
    'const [images, labels] = [() => tf.ones([8, 28, 28, 1]), () => tf.ones([8, 10])];',
  ],
];

/** All blocks of a document as one module. */
export function programOf([file, , readersOwn = '']) {
  const source = blocksOf(file).join('\n');
  const statements = /^import [\s\S]*?;$/gm;
  const imports = [...new Set(source.match(statements) ?? [])];
  return [...imports, readersOwn, source.replace(statements, '')].join('\n');
}
