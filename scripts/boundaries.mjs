// Holds the arrows of docs/architecture.md: who may depend on whom, in package.json and in the imports.
// An arrow that is not in this table does not exist; `core` and `calibration` depend on nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const arrows = {
  core: [],
  calibration: [],
  datasets: [],
  runs: ['core'],
  linear: ['core'],
  jax: ['core'],
  tfjs: ['core'],
  'tfjs-native': [],
  'tfjs-wasm': ['tfjs-native'],
  'tfjs-node': ['tfjs-wasm'],
  'tfjs-layers': ['core', 'tfjs'],
  'tfjs-augment': ['core', 'tfjs', 'tfjs-layers'],
};
/** Packages with no runtime dependency at all, on anybody. */
const dependencyFree = ['core', 'calibration'];
/** The frameworks, and who may know each; everyone else must not import them. */
const frameworks = [
  [/^@tensorflow\//, ['tfjs', 'tfjs-layers', 'tfjs-augment', 'tfjs-wasm', 'tfjs-node']],
  [/^@jax-js\//, ['jax']],
];

const root = fileURLToPath(new URL('..', import.meta.url));
const problems = [];

function sources(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.test\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

for (const name of readdirSync(join(root, 'packages'))) {
  const folder = join(root, 'packages', name);
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const allowed = arrows[name];
  if (!allowed) {
    problems.push(`packages/${name} is not in the table of scripts/boundaries.mjs`);
    continue;
  }
  const declared = Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
  });
  if (dependencyFree.includes(name) && declared.length > 0) {
    problems.push(`packages/${name} must have no runtime dependency, but declares ${declared.join(', ')}`);
  }
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (frameworks.some(([framework]) => framework.test(dependency))) {
      problems.push(`packages/${name} must have ${dependency} as a peer, not a dependency`);
    }
  }
  for (const file of sources(join(folder, 'src'))) {
    const text = readFileSync(file, 'utf8');
    const imports = text.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g,
    );
    for (const [, from, lazy] of imports) {
      const target = from ?? lazy;
      if (target.startsWith('.')) {
        // `common/` is built into every package that uses it, so that it is no dependency at run time.
        const path = resolve(dirname(file), target);
        if (!path.startsWith(folder + sep) && !path.startsWith(join(root, 'common') + sep)) {
          problems.push(`${file.slice(root.length)} imports ${target}, which is outside of packages/${name}`);
        }
        continue;
      }
      if (target.startsWith('node:')) continue;
      const dependency = target
        .split('/')
        .slice(0, target.startsWith('@') ? 2 : 1)
        .join('/');
      const own = dependency.startsWith('@crossreg/') ? dependency.slice('@crossreg/'.length) : undefined;
      const where = file.slice(root.length);
      if (own !== undefined && !allowed.includes(own)) {
        problems.push(`${where} imports ${target}: no arrow ${name} → ${own}`);
      }
      if (frameworks.some(([framework, adapters]) => framework.test(target) && !adapters.includes(name))) {
        problems.push(`${where} imports ${target}: ${name} does not know that framework`);
      }
      if (own === undefined && !declared.includes(dependency)) {
        problems.push(`${where} imports ${target}, which packages/${name}/package.json does not declare`);
      }
    }
  }
}

if (problems.length > 0) {
  console.error(problems.map((problem) => `✖ ${problem}`).join('\n'));
  process.exit(1);
}
console.log('every import follows an arrow of docs/architecture.md');
