import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';

const example = fileURLToPath(new URL('..', import.meta.url));
const read = (name) =>
  parseAllDocuments(readFileSync(join(example, name), 'utf8')).map((one) => {
    expect(one.errors).toEqual([]);
    return one.toJS();
  });
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cluster-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command of a file as its container would, with other paths. */
const run = ([program, ...args], env) =>
  promisify(execFile)(program, args, { cwd: example, env: { ...process.env, ...env } }).then(
    ({ stdout }) => stdout,
  );

/** The program that a package manager links as node_modules/.bin/crossreg-runs. */
const runs = join(example, 'node_modules/@crossreg/runs');
const { bin } = JSON.parse(readFileSync(join(runs, 'package.json'), 'utf8'));
const program = join(runs, bin['crossreg-runs']);
const [compose] = read('compose.yaml');
const [claim, job] = read('kubernetes-job.yaml');
const [container] = job.spec.template.spec.containers;

test('the programs and files that commands name exist', () => {
  const commands = [...Object.values(compose.services), container].map(({ command }) => command);
  expect(commands).toHaveLength(4);
  for (const [name, ...args] of commands) {
    for (const file of args.filter((arg) => /\.\w+$/.test(arg)))
      expect(existsSync(join(example, file))).toBe(true);
    if (name !== 'node_modules/.bin/crossreg-runs') {
      expect(['node', 'redis-server']).toContain(name);
      continue;
    }
    const { stdout } = spawnSync(process.execPath, [program, '--help'], { encoding: 'utf8' });
    expect(args[0]).toBe('work');
    for (const arg of args.filter((arg) => arg.startsWith('--'))) expect(stdout).toContain(arg);
  }
  expect(Object.keys(compose.services.worker.environment)).toEqual(['REDIS_URL']);
  const dockerfile = readFileSync(join(example, 'Dockerfile'), 'utf8');
  expect(dockerfile).toContain('COPY src ./src');
});

test('the machines of the Kubernetes job together do all runs', async () => {
  const { completions, completionMode, template } = job.spec;
  expect(completionMode).toBe('Indexed');
  expect(template.spec.volumes[0].persistentVolumeClaim.claimName).toBe(claim.metadata.name);
  const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));
  expect(env.COMPLETIONS).toBe(String(completions));
  expect(env.STORAGE).toBe(container.volumeMounts[0].mountPath);
  const alone = await run(['node', 'src/main.mjs'], { STORAGE: join(folder, 'alone') });
  for (let i = 0; i < completions; i++) {
    const said = await run(container.command, {
      ...env,
      STORAGE: join(folder, 'shared'),
      JOB_COMPLETION_INDEX: String(i),
    });
    expect(said).toBe(`seed-${i + 1} completed\nseed-${i + 4} completed\n`);
  }
  expect(await run(['node', 'src/main.mjs'], { STORAGE: join(folder, 'shared') })).toBe(alone);
  expect(alone.trim().split('\n')).toHaveLength(6);
});

const noRedis = spawnSync('redis-server', ['--version']).status !== 0;
if (noRedis) {
  console.error(
    '\n!!! SKIPPED: NO REDIS-SERVER WAS FOUND, SO THE COMMANDS OF THE COMPOSE FILE ARE NOT TESTED. DEBIAN: APT-GET INSTALL REDIS-SERVER !!!\n',
  );
}
test.skipIf(noRedis)('the commands of the Compose file do all runs', async () => {
  const { redis, worker, main } = compose.services;
  const port = String(await freePort());
  const server = spawn(
    redis.command[0],
    [...redis.command.slice(1), '--port', port, '--bind', '127.0.0.1', '--dir', folder],
    { stdio: 'ignore' },
  );
  const env = { REDIS_URL: worker.environment.REDIS_URL.replace(/\/\/.*/, `//127.0.0.1:${port}`) };
  const child = spawn(process.execPath, [program, ...worker.command.slice(1)], {
    cwd: example,
    env: { ...process.env, ...env },
    stdio: 'ignore',
  });
  try {
    // The worker waits for Redis; main does not.
    const all = await untilFine(() => run(main.command, env));
    expect(all).toBe(await run(['node', 'src/main.mjs'], { STORAGE: join(folder, 'alone') }));
  } finally {
    child.kill();
    await new Promise((resolve) => child.once('exit', resolve));
    server.kill('SIGKILL');
    await new Promise((resolve) => server.once('exit', resolve));
  }
});

async function untilFine(work) {
  for (let i = 0; ; i++) {
    try {
      return await work();
    } catch (error) {
      if (i > 20 || !/cannot be used/.test(error.stderr)) throw error;
    }
  }
}

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
