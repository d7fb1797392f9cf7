// node examples/paper/src/deep/main.mjs NAME… [--profile smoke|small|paper] [--jobs 2] [--threads 1]
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { experiments } from './experiments.mjs';
import { schedule, store } from './schedule.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    profile: { type: 'string', default: 'small' },
    jobs: { type: 'string', default: '2' },
    threads: { type: 'string', default: '1' },
  },
});
const results = store(values.profile);
const folder = fileURLToPath(new URL(`../../out/${values.profile}/`, import.meta.url));
for (const name of positionals) {
  await schedule(experiments[name], {
    profile: values.profile,
    results,
    jobs: Number(values.jobs),
    threads: Number(values.threads),
    folder,
  });
}
