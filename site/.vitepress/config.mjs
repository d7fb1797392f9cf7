// The documentation as a site. It uses the Markdown files of the repository in place, so that their links work in both.
import { createRequire } from 'node:module';
import { posix } from 'node:path';
import { defineConfig } from 'vitepress';

const { resolve } = createRequire(import.meta.url);
const page = (text, link) => ({ text, link });
const packages = [
  'tfjs-layers',
  'tfjs-augment',
  'tfjs',
  'core',
  'linear',
  'calibration',
  'datasets',
  'runs',
  'report',
  'tfjs-wasm',
  'tfjs-native',
  'tfjs-node',
  'jax',
];

/** Folders without pages. On the site, links to them lead to the repository, if it is known. */
const outside =
  /^(examples|experiments|benchmarks|scripts|packages\/[^/]+\/(src|assembly)|LICENSE|CITATION)\b/;
const repository = process.env.SITE_REPOSITORY;
function linksToRepository(md) {
  md.core.ruler.push('repository', ({ tokens, env }) => {
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.type === 'link_open' ? token.attrGet('href') : undefined;
      if (!href || /^[a-z]+:|^#/.test(href)) continue;
      const path = posix.normalize(posix.join(posix.dirname(env.relativePath ?? ''), href));
      if (repository && outside.test(path)) token.attrSet('href', `${repository}/blob/main/${path}`);
    }
  });
}

export default defineConfig({
  title: 'crossreg',
  description: 'Models that tune their own regularization while they train',
  // For a site in a subfolder, as on GitHub Pages.
  base: process.env.SITE_BASE ?? '/',
  srcDir: '..',
  outDir: '../out/site',
  cacheDir: '.cache',
  srcExclude: [
    '**/{node_modules,out,dist,.cache,.turbo,.changeset,.github,target,site}/**',
    '{examples,experiments,benchmarks}/**',
    '**/CHANGELOG.md',
  ],
  rewrites: { 'README.md': 'index.md', 'packages/:name/README.md': 'packages/:name/index.md' },
  // Links to folders, programs and pictures of the repository, which are not pages of the site.
  ignoreDeadLinks: [
    /\/(examples|experiments|benchmarks|scripts)\b/,
    /\/packages\/[^/]+\/(src|assembly)\b/,
    /LICENSE|CITATION/,
    /^\/?api\//,
  ],
  markdown: { config: linksToRepository },
  // The pages are outside this folder, where Vue is not installed.
  vite: {
    resolve: {
      alias: [
        { find: /^vue\/server-renderer$/, replacement: resolve('vue/server-renderer') },
        { find: /^vue$/, replacement: resolve('vue') },
      ],
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      page('Guide', '/docs/guide/getting-started'),
      page('Method', '/docs/method'),
      page('Results', '/docs/results'),
      { text: 'API', link: '/api/index.html', target: '_self' },
      { text: 'Playground', link: '/playground/index.html', target: '_self' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          page('Getting started', '/docs/guide/getting-started'),
          page('Concepts', '/docs/guide/concepts'),
          page('Choosing a regularization set', '/docs/guide/regularization-set'),
          page('Tuning', '/docs/guide/tuning'),
          page('Reading a run', '/docs/guide/reading-a-run'),
          page('Troubleshooting', '/docs/guide/troubleshooting'),
          page('From dropout and weight decay', '/docs/guide/from-dropout-and-weight-decay'),
          page('Learned augmentation', '/docs/guide/augmentation'),
          page('Calibration', '/docs/guide/calibration'),
          page('Folds and ensembles', '/docs/guide/ensembles'),
          page('Your own training loop', '/docs/guide/own-loop'),
          page('Another framework', '/docs/another-framework'),
          page('Saving and serving', '/docs/guide/saving-and-serving'),
          page('From one run to a cluster', '/docs/from-one-run-to-a-cluster'),
          page('Choosing a backend', '/docs/guide/choosing-a-backend'),
          page('Questions', '/docs/guide/faq'),
          page('What is refused, and why', '/docs/bad-inputs'),
        ],
      },
      { text: 'Packages', collapsed: true, items: packages.map((name) => page(name, `/packages/${name}/`)) },
      {
        text: 'Method and results',
        items: [
          page('The method', '/docs/method'),
          page('Results', '/docs/results'),
          page('Training speed', '/docs/speed'),
          page('Learned augmentation, tested', '/docs/augmentation'),
          page('Backends', '/docs/backends'),
          page('Bundlers and runtimes', '/docs/bundlers-and-runtimes'),
        ],
      },
      {
        text: 'For contributors',
        collapsed: true,
        items: [
          page('Contributing', '/CONTRIBUTING'),
          page('Architecture', '/docs/architecture'),
          page('Training on wasm', '/docs/wasm-training'),
        ],
      },
    ],
  },
});
