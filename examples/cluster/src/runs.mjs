/** The runs: one per seed. */
export const runs = Array.from({ length: 6 }, (_, i) => ({ key: `seed-${i + 1}`, seed: i + 1, steps: 1000 }));
