// Enforces the arrows of docs/architecture.md: which package may depend on which, in package.json and in the imports of
// sources, tests, AssemblyScript, build scripts, examples, experiments and benchmarks. An arrow that is not in these tables is
// not allowed.
import { pathToFileURL } from 'node:url';
import {
  codeIn,
  foldersOf,
  importsOf,
  isTest,
  isTool,
  manifestOf,
  packageOf,
  resolved,
} from './workspace.mjs';

/** The packages that the sources of a package may import. */
export const arrows = {
  core: [],
  calibration: [],
  datasets: [],
  runs: ['core'],
  report: ['calibration', 'core'],
  linear: ['core'],
  jax: ['core'],
  tfjs: ['core'],
  'tfjs-native': [],
  'tfjs-wasm': ['tfjs-native'],
  'tfjs-node': ['tfjs-wasm'],
  'tfjs-layers': ['core', 'tfjs'],
  'tfjs-augment': ['core', 'tfjs', 'tfjs-layers'],
};
/** The packages that the tests of a package may import in addition. */
const testArrows = {
  linear: ['datasets'],
  tfjs: ['tfjs-wasm'],
  'tfjs-layers': ['calibration', 'tfjs-wasm', 'tfjs-augment'],
  // docs/bad-inputs.md and the test of option names cover all packages, so they are in the package that depends on most of the
  // others.
  'tfjs-augment': ['calibration', 'datasets', 'jax', 'linear', 'report', 'runs', 'tfjs-wasm', 'tfjs-node'],
};
/**
 * Files outside its folder that a package may read, by folder or by the start of a path. `common/` is built into every package
 * that uses it, so it is not a dependency at run time.
 */
const neighbours = [
  ['scripts/gpu', ['benchmarks/src/wasm/networks.mjs', 'experiments/paper/src/deep/']],
  ['packages/*/src', ['common/']],
  ['packages/*/tsup.config.ts', ['tsup.shared']],
  // `tfjs` contains one kernel of tfjs-wasm, compiled for a small separate memory.
  ['packages/tfjs/assembly', ['packages/tfjs-wasm/assembly/noise']],
  ['packages/tfjs/scripts', ['packages/tfjs-wasm/scripts/assemble.mjs']],
  ['packages/jax/test', ['scripts/findChromium.mjs', 'scripts/chromiumPage.mjs']],
  ['packages/report/test', ['scripts/findChromium.mjs', 'scripts/chromiumPage.mjs']],
  ['packages/tfjs-layers/test', ['scripts/findChromium.mjs', 'scripts/chromiumPage.mjs']],
  ['packages/tfjs-wasm/test', ['scripts/findChromium.mjs', 'scripts/chromiumPage.mjs']],
  ['examples/playground/(src|scripts)', ['scripts/findChromium.mjs']],
  ['examples/jax/src', ['scripts/findChromium.mjs', 'scripts/chromiumPage.mjs']],
  [
    '(packages/runs/test|experiments/paper/src/deep|benchmarks/src/runs)',
    ['scripts/findRedis.mjs', 'scripts/redisServer.mjs'],
  ],
];
/** Packages without any dependency at run time. */
const dependencyFree = ['core', 'calibration'];
/** The frameworks, and the packages that may import each of them. */
const frameworks = [
  [/^@tensorflow\//, ['tfjs', 'tfjs-layers', 'tfjs-augment', 'tfjs-wasm', 'tfjs-node']],
  [/^@jax-js\//, ['jax']],
];

/**
 * The layers of core, from the ground up, by the files of `src/` without their ending. A file imports from its own layer
 * and from those below, never from those above, and never in a circle.
 */
export const coreLayers = [
  ['the ground: random numbers, what a framework is', ['random', 'framework']],
  [
    'arithmetic on arrays',
    ['bijector', 'debiasedLoss', 'finite', 'monteCarlo', 'projection', 'softThreshold'],
  ],
  [
    'the parts of the method, each without the others',
    [
      'regularizer',
      'l1Norm',
      'l2Norm',
      'groupLasso',
      'smoothness',
      'customRegularizer',
      'optimizer',
      'schedule',
      'noiseOptimizer',
      'defaultOptimizers',
      'convergence',
      'checkDisjoint',
      'regularizationParameter',
      'normLevel',
    ],
  ],
  ['the ρ step and what is kept of it', ['history', 'state', 'regularizationStep']],
  ['the loop', ['trainer']],
  ['the reference framework, and the contract of all', ['float64/', 'testing/']],
  ['the tables of contents', ['index', 'internal']],
];

const problems = [];
const report = (problem) => problems.push(problem);

/** Checks one relative import of a file, which may import only from `folder`. */
function checkRelative(file, specifier, folder) {
  const target = resolved(file, specifier);
  if (target.startsWith(`${folder}/`)) return;
  const under = (pattern) => new RegExp(`^${pattern.replace('*', '[^/]+')}(/|$)`);
  const allowed = neighbours.some(
    ([where, targets]) => under(where).test(file) && targets.some((start) => target.startsWith(start)),
  );
  if (!allowed) report(`${file} imports ${specifier}, which is outside ${folder}`);
}

const development = Object.keys(manifestOf('.').devDependencies);

/**
 * Checks the imports of a file by the names of packages.
 *
 * @param ours - the @crossreg packages that it may import, without the scope.
 * @param declared - the other packages that it may import.
 * @param why - the place where those must be declared.
 */
function checkNamed(file, specifier, { ours, declared, why }) {
  const name = packageOf(specifier);
  if (specifier.endsWith('/internal') && !/^(packages|scripts)\//.test(file))
    report(`${file} imports ${specifier}, which is for our own packages only`);
  if (name.startsWith('@crossreg/')) {
    const own = name.slice('@crossreg/'.length);
    if (!ours.includes(own))
      report(`${file} imports ${specifier}, which scripts/boundaries.mjs does not allow`);
  } else if (!declared.includes(name)) {
    report(`${file} imports ${specifier}, which ${why} does not declare`);
  }
}

function checkFile(file, folder, names) {
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('.')) checkRelative(file, specifier, folder);
    else if (!specifier.startsWith('node:')) checkNamed(file, specifier, names);
  }
}

function checkPackage(folder) {
  const name = folder.split('/')[1];
  if (!arrows[name]) return report(`${folder} is not in the table of scripts/boundaries.mjs`);
  const { dependencies = {}, peerDependencies, optionalDependencies, devDependencies } = manifestOf(folder);
  const declared = Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
  if (dependencyFree.includes(name) && declared.length > 0) {
    report(`${folder} must have no runtime dependency, but declares ${declared.join(', ')}`);
  }
  for (const dependency of Object.keys(dependencies)) {
    if (frameworks.some(([framework]) => framework.test(dependency)))
      report(`${folder} must have ${dependency} as a peer, not a dependency`);
  }
  const why = `${folder}/package.json`;
  const whileDeveloping = {
    ours: [...arrows[name], ...(testArrows[name] ?? []), name],
    declared: [...declared, ...Object.keys(devDependencies ?? {}), ...development],
    why,
  };
  for (const file of codeIn(folder)) {
    const published = !isTest(file) && !isTool(file) && !file.startsWith(`${folder}/assembly/`);
    checkFile(file, folder, published ? { ours: arrows[name], declared, why } : whileDeveloping);
    if (!published) continue;
    for (const specifier of importsOf(file)) {
      if (frameworks.some(([framework, adapters]) => framework.test(specifier) && !adapters.includes(name)))
        report(`${file} imports ${specifier}, but ${name} must not depend on that framework`);
    }
  }
}

/** Folders outside of packages may import the packages that they declare, and of each other only what `others` names. */
function checkUser(folder, others = []) {
  const { dependencies = {}, devDependencies = {} } = manifestOf(folder);
  const declared = Object.keys({ ...dependencies, ...devDependencies });
  const ours = declared
    .filter((name) => name.startsWith('@crossreg/'))
    .map((name) => name.slice('@crossreg/'.length));
  const strangers = ours.filter((name) => !(name in arrows) && !others.includes(name));
  for (const name of strangers)
    report(`${folder} depends on @crossreg/${name}: only packages may be used there`);
  for (const file of codeIn(folder)) {
    const more = isTest(file) || isTool(file) ? development : [];
    checkFile(file, folder, { ours, declared: [...declared, ...more], why: `${folder}/package.json` });
  }
}

function checkCoreLayers() {
  const folder = 'packages/core/src/';
  const layerOf = (file) => {
    const name = file.slice(folder.length).replace(/\.ts$/, '');
    return coreLayers.findIndex(([, names]) =>
      names.some((one) => (one.endsWith('/') ? name.startsWith(one) : name === one)),
    );
  };
  const files = codeIn('packages/core/src').filter((file) => !isTest(file));
  const imported = Object.fromEntries(
    files.map((file) => [
      file,
      importsOf(file)
        .map((specifier) => resolved(file, specifier))
        .filter((target) => target.startsWith(folder))
        .map((target) => files.find((one) => one === `${target}.ts` || one === `${target}/index.ts`)),
    ]),
  );
  for (const file of files) {
    if (layerOf(file) < 0) report(`${file} is in no layer of core (coreLayers in scripts/boundaries.mjs)`);
    for (const target of imported[file]) {
      if (layerOf(target) > layerOf(file))
        report(`${file} imports ${target}, which is in a higher layer of core`);
    }
  }
  // Remove files without imports again and again. The files that remain import in a circle.
  let left = files;
  for (;;) {
    const free = left.filter((file) => !imported[file].some((target) => left.includes(target)));
    if (free.length === 0) break;
    left = left.filter((file) => !free.includes(file));
  }
  if (left.length > 0) report(`core has circular imports: ${left.join(', ')}`);
}

function checkAll() {
  foldersOf('packages').forEach(checkPackage);
  for (const folder of foldersOf('examples')) checkUser(folder);
  for (const folder of foldersOf('experiments')) checkUser(folder, ['experiment-shared']);
  checkUser('benchmarks', ['experiment-shared']);
  checkCoreLayers();
  // The programs in scripts/suite, gpu, interop and keras run outside the workspace, where all packages are installed.
  for (const file of codeIn('scripts')) {
    const installed = /^scripts\/(suite|gpu|interop|keras)\//.test(file) ? /^@tensorflow\/|^webgpu$/ : /^$/;
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('.')) checkRelative(file, specifier, 'scripts');
      else if (!specifier.startsWith('node:') && !installed.test(specifier))
        checkNamed(file, specifier, {
          ours: Object.keys(arrows),
          declared: development,
          why: 'package.json',
        });
    }
  }
  for (const file of codeIn('common')) {
    checkFile(file, 'common', { ours: [], declared: isTest(file) ? development : [], why: 'package.json' });
  }
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  checkAll();
  if (problems.length > 0) {
    console.error(problems.map((problem) => `✖ ${problem}`).join('\n'));
    process.exit(1);
  }
  console.log('every import follows an arrow of docs/architecture.md');
}
