// The runs of each experiment. A run is a plain object:
//   key, seed        its name, and the seed of data, initial weights, order and noise
//   network          the name of a network of the profile; `options` are added to its options there
//   trainOn          'training' (default) or 'both', which adds the held-out images
//   noise            options of injectNoise; with `lastLayers`, only the last layers get noise
//   cross            options of crossRegularization, except the data
//   weightDecay, cosine, growing, population, ensemble (keys of its members), held (how many images are held out)
//   times            a factor of the profile's steps
//   initSeed         the seed of initial weights and order, if it is not `seed`
//   scale            fit temperature and vector scaling on the held-out images
// A run that several experiments share has one key and is trained once.

const vgg = { network: 'vgg' };
const learned = { ...vgg, noise: {}, cross: {} };
const run = (name, seed, rest) => ({ key: `${name}-${seed}`, name, seed, ...rest });

// An experiment consists of functions that return runs for a profile.
const over = (name, rest) => (profile) => profile.seeds.map((seed) => run(name, seed, rest));
const seedOne = (name, rest) => () => [run(name, 1, rest)];
/** A change of the cross-regularized run, by name. */
const variant = (name, change) => over(name, { ...learned, ...change });

const plain = over('plain', { ...vgg, scale: true });
const cross = over('cross', learned);
const plainAll = over('plain-all', { ...vgg, trainOn: 'both' });
const fixed = over('fixed-noise', { ...vgg, noise: { initialSigma: 1, lastLayers: 5 } });
const populationRun = { ...vgg, noise: {}, population: true };
const population = over('population', populationRun);

const GRID_SEED = 100;
/**
 * Runs of a baseline. `tried`: one for each value of its setting, on a seed that is not reported. `best`: all seeds, with the
 * value that has the lowest held-out NLL, once all of `tried` have results.
 */
function grid(name, values, rest) {
  const trials = values.map((value) => [value, run(`grid-${name}-${value}`, GRID_SEED, rest(value))]);
  return {
    tried: () => trials.map(([, trial]) => trial),
    best(profile, results) {
      if (!trials.every(([, { key }]) => results.has(key))) return [];
      const [setting] = trials
        .map(([value, { key }]) => [value, results.read(key).held.nll])
        .reduce((a, b) => (b[1] < a[1] ? b : a));
      return over(name, { ...rest(setting), setting })(profile);
    },
  };
}
const grids = {
  dropout: grid('dropout', [0.1, 0.25, 0.5], (rate) => ({ ...vgg, options: { dropout: rate } })),
  decay: grid('decay', [0.1, 0.5, 2], (weightDecay) => ({ ...vgg, weightDecay })),
};

/** Further models on the data of `plain`, and the mean prediction of all five. */
const others = [1, 2, 3, 4];
const ensembleMembers = (profile) =>
  profile.seeds.flatMap((seed) =>
    others.map((i) => run(`member${i}`, seed, { ...vgg, initSeed: seed * 1000 + i })),
  );
const ensembles = (profile) =>
  profile.seeds.map((seed) => {
    const ensemble = ['plain', ...others.map((i) => `member${i}`)].map((name) => `${name}-${seed}`);
    return run('ensemble', seed, { ensemble });
  });

/**
 * Experiments by name. Each is a list of consecutive stages, and a stage is a list of functions that take a profile and the
 * results so far and return runs.
 */
export const experiments = {
  noise: [
    [plain, cross, plainAll, fixed, grids.dropout.tried, grids.decay.tried],
    [grids.dropout.best, grids.decay.best],
    [population],
  ],
  calibration: [[plain, cross, fixed, ensembleMembers], [ensembles]],
  profile: [
    [cross, variant('residual', { network: 'residual' }), over('residual-plain', { network: 'residual' })],
  ],
  held: [
    [cross, (profile) => profile.heldSizes.flatMap((held) => variant(`held-${held}`, { held })(profile))],
  ],
  samples: [
    [cross, ...[1, 2, 16].map((samples) => variant(`cross-samples-${samples}`, { cross: { samples } }))],
  ],
  estimator: [
    [
      variant('average', { cross: { estimator: 'average' } }),
      variant('longer-average', { cross: { estimator: 'average' }, times: 2 }),
    ],
  ],
  longer: [
    [
      over('longer-plain', { ...vgg, times: 2, scale: true }),
      variant('longer', { times: 2 }),
      over('longer-population', { ...populationRun, times: 2 }),
    ],
  ],
  longest: [[variant('longest', { times: 8 })]],
  // 0.15, the default, is the run `longer`, or `longest`.
  starts: [
    [0.1, 0.3, 1, 3].map((initialSigma) =>
      variant(`start-${initialSigma}`, { noise: { initialSigma }, times: 2 }),
    ),
  ],
  'starts-longest': [
    [0.1, 0.3, 1, 3].map((initialSigma) =>
      seedOne(`longest-start-${initialSigma}`, { ...learned, noise: { initialSigma }, times: 8 }),
    ),
  ],
  growing: [[variant('growing', { growing: true })]],
  channels: [[cross, variant('channels', { noise: { per: 'channel' } })]],
  schedules: [
    [
      seedOne('cross-decay', { ...learned, weightDecay: 0.5 }),
      seedOne('cross-cosine', { ...learned, cosine: true }),
      seedOne('plain-cosine', { ...vgg, cosine: true, scale: true }),
      seedOne('cross-decay-cosine', { ...learned, weightDecay: 0.5, cosine: true }),
    ],
  ],
  transformer: [
    [
      seedOne('transformer-plain', { network: 'transformer', scale: true }),
      seedOne('transformer', { network: 'transformer', noise: {}, cross: {} }),
    ],
  ],
  multiplicative: [[cross, seedOne('multiplicative', { ...vgg, options: { multiplicative: 1 }, cross: {} })]],
};

/** The runs of a stage. */
export const runsOf = (stage, profile, results) => stage.flatMap((make) => make(profile, results));

/** All runs of a profile that do not depend on results. */
export const knownRuns = (profile) =>
  runsOf(Object.values(experiments).flat(2), profile, { has: () => false });

/** Names of all runs of a profile. */
export const runNames = (profile) =>
  new Set([...knownRuns(profile).map(({ name }) => name), ...Object.keys(grids)]);
