/** The result of a ρ step. */
export interface RhoStep {
  /** ρ = R(w). */
  rho: number;
  /** The penalty weight that leads to the same w. */
  lambda: number;
  /** Mean squared error on the held-out data, averaged over folds. */
  loss: number;
  /** Its derivative by ρ. */
  gradient: number;
}

/** A ρ step, with the coordinate that it was taken in. */
export interface PathStep extends RhoStep {
  u: number;
  /** dρ/du, below 0. */
  rhoDerivative: number;
}

export interface Followed {
  /** The step at which ρ came to rest. */
  best: PathStep;
  /** All steps, in the order they were taken. */
  steps: PathStep[];
  /** `at bound`: the loss still fell at the end of the path, ρ = 0 or no penalty at all. */
  status: 'converged' | 'at bound';
  /** Local minima of the validation loss that were met. */
  minima: number;
}

/** So far from the strong end that w is zero up to rounding. */
const vanishing = 40;

/**
 * Follows ρ along the path of training optima, from the strong end towards a lower validation loss. First it takes steps of 1
 * in u = log λ against the sign of dL_val/dρ while that sign stays the same (as in Rprop, Riedmiller & Braun 1993). Then it
 * solves for a zero of the derivative by regula falsi (Illinois).
 *
 * The loss along the path may have several minima. After one is found, the steps continue to the weak end, and the lowest
 * minimum is kept. `earlyStopping` stops at the first one, and compares it only with the fit without a penalty.
 */
export function followRho(
  at: (u: number) => PathStep,
  { strong, weak, earlyStopping = false }: { strong: number; weak: number; earlyStopping?: boolean },
): Followed {
  const steps: PathStep[] = [];
  const visit = (u: number) => {
    const step = at(u);
    steps.push(step);
    return step;
  };
  // Positive if the loss falls towards smaller λ.
  const downhill = (step: PathStep) => step.gradient * step.rhoDerivative;
  /** The minimum between two steps, downhill at one and uphill at the other. */
  const minimumBetween = (from: PathStep, to: PathStep) => {
    let [a, b] = [from, to];
    let [fa, fb] = [downhill(a), downhill(b)];
    for (let i = 0; i < 100 && Math.abs(a.u - b.u) > 1e-7; i++) {
      const inside = (a.u * fb - b.u * fa) / (fb - fa);
      const mid = visit(Number.isFinite(inside) ? inside : (a.u + b.u) / 2);
      const f = downhill(mid);
      if (f === 0) return mid;
      if (Math.sign(f) === Math.sign(fb)) {
        [b, fb] = [mid, f];
        fa /= 2;
      } else {
        [a, fa] = [b, fb];
        [b, fb] = [mid, f];
      }
    }
    return a.loss < b.loss ? a : b;
  };

  const minima: PathStep[] = [];
  let end: PathStep | undefined; // The loss still falls at the end of the path.
  let last = visit(strong);
  if (downhill(last) < 0) {
    // Less of w is already better: towards ρ = 0.
    let before = last;
    for (let u = strong + 1; u <= strong + vanishing && minima.length === 0; u++) {
      const next = visit(u);
      if (downhill(next) >= 0) minima.push(minimumBetween(before, next));
      before = next;
    }
    if (minima.length === 0) end = before;
    if (earlyStopping)
      return { best: minima[0] ?? before, steps, status: end ? 'at bound' : 'converged', minima: 1 };
  }
  const strides = Math.max(1, Math.ceil(strong - weak));
  for (let i = 1; i <= strides; i++) {
    const next = visit(strong + ((weak - strong) * i) / strides);
    if (downhill(last) > 0 && downhill(next) <= 0) {
      minima.push(minimumBetween(last, next));
      if (earlyStopping) break;
    }
    last = next;
  }
  // If the loss falls to the very end, or all minima after the first are skipped, the result is the end itself: no penalty.
  if (downhill(last) > 0) {
    last = visit(Number.NEGATIVE_INFINITY);
    if (!end || last.loss < end.loss) end = last;
  } else if (minima.length === 0 && !end) end = last;
  const all = end ? [...minima, end] : minima;
  const best = all.reduce((a, b) => (b.loss < a.loss ? b : a));
  return { best, steps, status: best === end ? 'at bound' : 'converged', minima: all.length };
}
