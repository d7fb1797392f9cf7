// Rehearses publishing: starts a local registry (Verdaccio), gives every package its next version with Changesets in a copy of
// the workspace, and publishes all of them there like the release workflow. Then, for each package, in an empty folder outside
// the workspace, it
//   installs it alone from that registry, with npm and with pnpm, next to what its README imports: the peers of TensorFlow.js
//   once in the lowest version that their range allows and once in the highest one,
//   runs its README's code, and loads it as an ES module and as CommonJS, on Node 20, 22 and 24,
//   and compiles against its types with moduleResolution node16 and bundler.
//
//   node scripts/rehearseRegistry.mjs [--nodes 20,22,24]
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { documents, programOf, root } from './documents.mjs';
import { installIn } from './installIn.mjs';
import { checkModules, checkTypes } from './moduleModes.mjs';
import { cache } from './native-tensorflow.mjs';
import { nodeProgram } from './nodePrograms.mjs';

const { values: options } = parseArgs({ options: { nodes: { type: 'string', default: '20,22,24' } } });
const nodes = options.nodes.split(',');
const work = mkdtempSync(join(tmpdir(), 'crossreg-registry-'));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const run = (command, args, cwd, env = process.env) =>
  execFileSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e8,
  });

let server;
function step(title, f) {
  const started = Date.now();
  try {
    const result = f();
    console.log(`✔ ${title} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
    return result;
  } catch (error) {
    server?.kill();
    console.error(`✖ ${title}\n${error.stdout ?? ''}${error.stderr ?? error.stack}`);
    console.error(`The files are in ${work}`);
    process.exit(1);
  }
}

/** A port that is free now. */
const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const upstream = run('npm', ['config', 'get', 'registry'], root).trim();
const port = await freePort();
const registry = `http://127.0.0.1:${port}/`;
const verdaccio = join(cache, 'verdaccio');
step('Verdaccio', () => {
  // One of its dependencies needs the tag node-fetch@cjs, which mirrors of the registry may lack.
  installIn(verdaccio, { verdaccio: '6.10.4' }, { overrides: { 'node-fetch': '2.7.0' } });
});
writeFileSync(
  join(work, 'verdaccio.yaml'),
  [
    `storage: ${join(work, 'storage')}`,
    `uplinks: { npm: { url: '${upstream}', timeout: 120s, maxage: 60m } }`,
    'packages:',
    // Our packages come only from here, so that published versions cannot take their place.
    "  '@crossreg/*': { access: $all, publish: $all }",
    "  '**': { access: $all, proxy: npm }",
    'max_body_size: 100mb',
    'log: { type: stdout, format: pretty, level: error }',
  ].join('\n'),
);
// Verdaccio needs Node 22.
server = spawn(
  nodeProgram('22'),
  [
    join(verdaccio, 'node_modules/verdaccio/bin/verdaccio'),
    '--config',
    'verdaccio.yaml',
    '--listen',
    `127.0.0.1:${port}`,
  ],
  { cwd: work, stdio: 'ignore' },
);
for (let attempts = 0; ; attempts++) {
  const answers = await fetch(`${registry}-/ping`).then(
    ({ ok }) => ok,
    () => false,
  );
  if (answers) break;
  if (attempts > 100)
    step('registry', () => {
      throw new Error(`no answer from ${registry}`);
    });
  await new Promise((resolve) => setTimeout(resolve, 200));
}

/** The registry, and a token that it does not check, for npm and pnpm. */
const npmrc = `registry=${registry}\n//127.0.0.1:${port}/:_authToken=rehearsal\n`;
const userconfig = join(work, 'npmrc');
writeFileSync(userconfig, npmrc);
const env = {
  ...process.env,
  npm_config_userconfig: userconfig,
  npm_config_registry: registry,
  npm_config_ignore_scripts: 'true',
  PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
};

const published = step('versions and publishing', () => {
  const copy = join(work, 'workspace');
  for (const file of run('git', ['ls-files', '-co', '--exclude-standard'], root).trim().split('\n')) {
    if (!existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(root, file), join(copy, file));
  }
  run('pnpm', ['install', '--frozen-lockfile', '--prefer-offline', '--ignore-scripts'], copy, env);
  const folders = readdirSync(join(root, 'packages'));
  for (const name of folders) {
    cpSync(join(root, 'packages', name, 'dist'), join(copy, 'packages', name, 'dist'), { recursive: true });
  }
  const git = (...args) =>
    run('git', ['-c', 'user.name=rehearsal', '-c', 'user.email=rehearsal@localhost', ...args], copy, env);
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-qm', 'rehearsal');
  run(bin('changeset'), ['version'], copy, env);
  git('commit', '-qam', 'versions');
  run(process.execPath, ['scripts/nameRepository.mjs'], copy, {
    ...env,
    GITHUB_REPOSITORY: 'rehearsal/here',
  });
  run(bin('changeset'), ['publish', '--no-git-tag'], copy, env);
  return folders.map((name) =>
    JSON.parse(readFileSync(join(copy, 'packages', name, 'package.json'), 'utf8')),
  );
});
for (const { name, version } of published) {
  step(`${name} ${version} is in the registry`, () => {
    const found = JSON.parse(run('npm', ['view', name, 'version', 'repository.url', '--json'], work, env));
    if (found.version !== version) throw new Error(`the registry has version ${found.version}`);
    if (!found['repository.url']?.includes('rehearsal/here'))
      throw new Error('the package names no repository');
  });
}

/** Packages that a program imports. */
const imported = (program) =>
  [...program.matchAll(/from '([^'.][^']*)'|import '([^'.][^']*)'/g)]
    .map(([, from, effect]) => from ?? effect)
    .filter((name) => !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
/** The frameworks that are peers of packages, each with the lowest and the highest version in its range. */
const ends = step('versions of peers', () => {
  const ranges = Object.assign({}, ...published.map(({ peerDependencies }) => peerDependencies));
  const found = Object.keys(ranges)
    .filter((peer) => /^@(tensorflow|jax-js)\//.test(peer))
    .map((peer) => {
      const answer = JSON.parse(
        run('npm', ['view', `${peer}@${ranges[peer]}`, 'version', '--json'], work, env),
      );
      const versions = [answer].flat().sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
      return [peer, { lowest: versions[0], highest: versions.at(-1) }];
    });
  for (const [peer, { lowest, highest }] of found) console.log(`  ${peer}: ${lowest} to ${highest}`);
  return Object.fromEntries(found);
});
const clients = [
  { client: 'npm', end: 'highest' },
  { client: 'pnpm', end: 'highest' },
  // Nothing new if the range has only one version so far.
  ...(Object.values(ends).some(({ lowest, highest }) => lowest !== highest)
    ? [{ client: 'npm', end: 'lowest' }]
    : []),
];

for (const { name, peerDependencies = {}, peerDependenciesMeta = {} } of published) {
  const document = documents.find(([file]) => file === `packages/${name.split('/')[1]}/README.md`);
  const program = programOf(document);
  // Programs that train import @tensorflow/tfjs, and a README that sets a backend needs that backend. npm must be told of such
  // peers.
  const needed = Object.keys(peerDependencies).filter((peer) => !peerDependenciesMeta[peer]?.optional);
  const wasm = /setBackend\('wasm'\)|tfjs-wasm'|'wasm'/.test(program)
    ? ['@tensorflow/tfjs-backend-wasm', '@crossreg/tfjs-wasm']
    : [];
  for (const { client, end } of clients) {
    const packages = [...new Set([name, ...imported(program), ...needed, ...wasm])].map((one) =>
      ends[one] ? `${one}@${ends[one][end]}` : one,
    );
    const folder = join(work, `${client}-${end}`, name.split('/')[1]);
    step(`${name} by ${client}, peers in their ${end} version`, () => {
      mkdirSync(folder, { recursive: true });
      const write = (file, text) => writeFileSync(join(folder, file), text);
      write('package.json', JSON.stringify({ private: true, type: 'module' }));
      write('.npmrc', npmrc);
      const install =
        client === 'npm'
          ? ['install', '--no-audit', '--no-fund', '--loglevel=error']
          : ['add', '--ignore-workspace'];
      run(client, [...install, ...packages], folder, env);
      write('readme.mjs', program);
      for (const version of nodes) {
        const node = nodeProgram(version);
        run(node, ['readme.mjs'], folder);
        checkModules(folder, name, node);
      }
      checkTypes(folder, [name]);
    });
  }
}

server.kill();
rmSync(work, { recursive: true });
console.log(
  `${published.length} packages published, and installed by npm and pnpm on Node ${nodes.join(', ')}`,
);
