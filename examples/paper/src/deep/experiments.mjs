// Which runs an experiment has. A run is a plain object:
//   key, seed        its name, and the seed of data, initial weights, order and noise
//   network          of the profile; `options` add to what the profile has of it
//   trainOn          'training' (default) or 'both': with the held-out images
//   noise            options of injectNoise; `lastLayers` gives it to the last ones only
//   cross            options of crossRegularization beside the data
//   weightDecay, cosine, growing, population, ensemble (keys of its members), held (how many images are held out)
//   initSeed         of the initial weights and the order, where it is not `seed`
//   scale            fit temperature and vector scaling on the held-out images
// A run that several experiments share has one key and is trained once.

const vgg = { network: 'vgg' };
const learned = { ...vgg, noise: {}, cross: {} };
const eachSeed = (profile, make) => profile.seeds.flatMap((seed) => make(seed));
const run = (name, seed, rest) => ({ key: `${name}-${seed}`, name, seed, ...rest });
const over = (name, runs) => (profile) => eachSeed(profile, (seed) => [run(name, seed, runs)]);

/** Stages that need nothing of each other, as one. */
const together =
  (...stages) =>
  (...given) =>
    stages.flatMap((stage) => stage(...given));

const plain = over('plain', { ...vgg, scale: true });
const cross = over('cross', learned);
const plainAll = over('plain-all', { ...vgg, trainOn: 'both' });
const fixed = over('fixed-noise', { ...vgg, noise: { initialSigma: 1, lastLayers: 5 } });

/** Grids of the baselines. The setting is chosen by the held-out NLL of a seed that is not reported. */
export const grids = {
  dropout: [0.1, 0.25, 0.5],
  decay: [0.1, 0.5, 2],
};
const ofGrid = {
  dropout: (rate) => ({ ...vgg, options: { dropout: rate } }),
  decay: (weightDecay) => ({ ...vgg, weightDecay }),
};
const GRID_SEED = 100;
const gridRuns = Object.entries(grids).flatMap(([name, values]) =>
  values.map((value) => run(`grid-${name}-${value}`, GRID_SEED, ofGrid[name](value))),
);
export const gridKeys = (name) =>
  grids[name].map((value) => ({ value, key: `grid-${name}-${value}-${GRID_SEED}` }));
const best = (name) => (profile, results) => {
  const keys = gridKeys(name);
  if (!keys.every(({ key }) => results.has(key))) return [];
  const found = keys
    .map(({ value, key }) => ({ value, nll: results.read(key).held.nll }))
    .sort((a, b) => a.nll - b.nll)[0];
  return eachSeed(profile, (seed) => [
    run(name, seed, { ...ofGrid[name](found.value), setting: found.value }),
  ]);
};

const ENSEMBLE = 5;
const members = (seed) =>
  Array.from({ length: ENSEMBLE }, (_, i) => (i === 0 ? `plain-${seed}` : `member${i}-${seed}`));
const ensembleMembers = (profile) =>
  eachSeed(profile, (seed) =>
    members(seed)
      .slice(1)
      .map((key, i) => ({ key, name: `member${i + 1}`, seed, ...vgg, initSeed: seed * 1000 + i + 1 })),
  );
const ensembles = (profile) =>
  eachSeed(profile, (seed) => [run('ensemble', seed, { ensemble: members(seed) })]);
const population = over('population', { ...vgg, noise: {}, population: true });

/** A change of the cross-regularized run, by name. */
const variant = (name, change) => over(name, { ...learned, ...change });
const seedOne = (name, rest) => () => [run(name, 1, rest)];
const channels = { ...learned, noise: { per: 'channel' } };

/**
 * Experiments by name, each as a list of stages; a stage gives runs for a profile and, where it needs them, the results of
 * earlier stages.
 */
export const experiments = {
  noise: [
    together(plain, cross, plainAll, fixed, () => gridRuns),
    (profile, results) => together(best('dropout'), best('decay'))(profile, results),
    population,
  ],
  calibration: [together(plain, cross, fixed, ensembleMembers), ensembles],
  profile: [
    together(
      cross,
      over('residual', { ...learned, network: 'residual' }),
      over('residual-plain', { network: 'residual' }),
    ),
  ],
  held: [
    together(cross, (profile) =>
      profile.heldSizes.flatMap((held) => over(`held-${held}`, { ...learned, held })(profile)),
    ),
  ],
  samples: [
    together(
      cross,
      ...[{ samples: 1 }, { samples: 2 }, { samples: 16 }, { every: 5 }, { every: 80 }].map((change) =>
        variant(`cross-${Object.entries(change).flat().join('-')}`, { cross: change }),
      ),
    ),
  ],
  growing: [over('growing', { ...learned, growing: true })],
  channels: [together(cross, over('channels', channels))],
  schedules: [
    together(
      seedOne('cross-decay', { ...learned, weightDecay: 0.5 }),
      seedOne('cross-cosine', { ...learned, cosine: true }),
      seedOne('plain-cosine', { ...vgg, cosine: true, scale: true }),
      seedOne('cross-decay-cosine', { ...learned, weightDecay: 0.5, cosine: true }),
    ),
  ],
  transformer: [
    together(
      seedOne('transformer-plain', { network: 'transformer', scale: true }),
      seedOne('transformer', { network: 'transformer', noise: {}, cross: {} }),
    ),
  ],
  multiplicative: [
    together(cross, seedOne('multiplicative', { ...vgg, options: { multiplicative: 1 }, cross: {} })),
  ],
};
