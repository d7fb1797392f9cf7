import { expect, test } from 'vitest';
import { followRho } from './followRho';

/** A path on which ρ = e^(−u), with a validation loss that is given as a function of u, with its derivative. */
const along = (loss: (u: number) => number, slope: (u: number) => number) => (u: number) => {
  const rho = Math.exp(-u);
  const rhoDerivative = u === Number.NEGATIVE_INFINITY ? 0 : -rho;
  return {
    u,
    rho,
    lambda: Math.exp(u),
    loss: loss(u),
    rhoDerivative,
    // dL/dρ = (dL/du) / (dρ/du)
    gradient: rhoDerivative === 0 ? 0 : slope(u) / rhoDerivative,
  };
};
const range = { strong: 5, weak: -5 };

test('ρ comes to rest at the minimum', () => {
  const { best, status, minima, steps } = followRho(
    along(
      (u) => (u - 1.3) ** 2,
      (u) => 2 * (u - 1.3),
    ),
    range,
  );
  expect(best.u).toBeCloseTo(1.3, 6);
  expect([status, minima]).toEqual(['converged', 1]);
  expect(steps[0].u).toBe(5);
});

// (u − 3)² (u + 2)² + tilt · u: minima near 3 and −2, of which the tilt chooses.
const wells = (tilt: number) =>
  along(
    (u) => (u - 3) ** 2 * (u + 2) ** 2 + tilt * u,
    (u) => 2 * (u - 3) * (u + 2) * (2 * u - 1) + tilt,
  );

test('of two minima, the lower one is kept, in either order', () => {
  for (const [tilt, near] of [
    [1, -2],
    [-1, 3],
  ]) {
    const { best, minima, status } = followRho(wells(tilt), range);
    expect([minima, status]).toEqual([2, 'converged']);
    expect(Math.abs(best.u - near)).toBeLessThan(0.05);
    // The derivative of the quartic with its tilt is zero there.
    expect(2 * (best.u - 3) * (best.u + 2) * (2 * best.u - 1) + tilt).toBeCloseTo(0, 4);
  }
});

test.each([
  [1e9, 3, 'converged'],
  [-1e9, Number.NEGATIVE_INFINITY, 'at bound'],
] as const)(
  '`first` stops at the first minimum from the strong end, unless no penalty is better (a loss of %d there)',
  (unpenalized, expected, status) => {
    const well = wells(1);
    const found = followRho(
      (u) => (u === Number.NEGATIVE_INFINITY ? { ...well(0), u, loss: unpenalized } : well(u)),
      { ...range, earlyStopping: true },
    );
    expect(found.status).toBe(status);
    if (status === 'converged') expect(Math.abs(found.best.u - expected)).toBeLessThan(0.05);
    else expect(found.best.u).toBe(expected);
    // The lower minimum, near −2, was not visited.
    expect(found.steps.every(({ u }) => u > 0 || u === Number.NEGATIVE_INFINITY)).toBe(true);
  },
);

test('a loss that falls all the way leads to no penalty, at the bound', () => {
  const { best, status } = followRho(
    along(
      (u) => (u === Number.NEGATIVE_INFINITY ? 0 : 1 + Math.tanh(u / 4)),
      (u) => 0.25 / Math.cosh(u / 4) ** 2,
    ),
    range,
  );
  expect(best.u).toBe(Number.NEGATIVE_INFINITY);
  expect(status).toBe('at bound');
});

test('a loss that any w makes worse leads to ρ = 0, at the bound', () => {
  const { best, status, minima } = followRho(
    along(
      (u) => Math.exp(-u),
      (u) => -Math.exp(-u),
    ),
    range,
  );
  expect(status).toBe('at bound');
  expect(minima).toBe(1);
  expect(best.rho).toBeLessThan(1e-18);
});

test('a minimum beyond the strong end is found', () => {
  const { best, status } = followRho(
    along(
      (u) => (u - 8.4) ** 2,
      (u) => 2 * (u - 8.4),
    ),
    range,
  );
  expect(best.u).toBeCloseTo(8.4, 6);
  expect(status).toBe('converged');
});
