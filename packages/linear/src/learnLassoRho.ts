import type { RhoStep } from './followRho';
import type { LassoPath } from './lassoPath';
import type { LearnedRho, LearningOptions } from './learnRho';
import type { MeanSquares } from './meanSquares';

/** A validation loss between two knots, as a function of ρ − `from`. */
interface Piece {
  from: number;
  /** L = loss + slope · t + ½ curvature · t². */
  loss: number;
  slope: number;
  curvature: number;
  /** The component along ∇R instead of the slope: projected + projectedChange · t. */
  projected: number;
  projectedChange: number;
}

/**
 * The validation loss along a LASSO path, from knot to knot. Its resolution is that of `MeanSquares`, about 1e-15 of
 * the targets' mean square.
 */
function pieces({ knots }: LassoPath, { size, gram, correlation, power }: MeanSquares): Piece[] {
  return knots.map(({ rho, active, values, signs, direction }) => {
    let [loss, slope, curvature, projected, projectedChange] = [power, 0, 0, 0, 0];
    for (let a = 0; a < active.length; a++) {
      const row = active[a] * size;
      let [image, moved] = [0, 0];
      for (let b = 0; b < active.length; b++) {
        const g = gram[row + active[b]];
        image += g * values[b];
        moved += g * direction[b];
      }
      const rest = image - correlation[active[a]];
      loss += values[a] * (rest - correlation[active[a]]);
      slope += 2 * direction[a] * rest;
      curvature += 2 * direction[a] * moved;
      projected += (2 * signs[a] * rest) / active.length;
      projectedChange += (2 * signs[a] * moved) / active.length;
    }
    return { from: rho, loss, slope, curvature, projected, projectedChange };
  });
}

/** A piecewise quadratic function that is asked for rising ρ; constant after its last knot. */
class Curve {
  private position = 0;
  constructor(private readonly parts: readonly Piece[]) {}

  get knots(): number[] {
    return this.parts.map(({ from }) => from);
  }

  /** The piece at ρ, moved to start there. */
  at(rho: number): Piece {
    const { parts } = this;
    while (this.position + 1 < parts.length && parts[this.position + 1].from <= rho) this.position += 1;
    const piece = parts[this.position];
    if (this.position === parts.length - 1) {
      return { ...piece, from: rho, slope: 0, curvature: 0, projected: 0, projectedChange: 0 };
    }
    const t = rho - piece.from;
    return {
      ...piece,
      from: rho,
      loss: piece.loss + t * (piece.slope + 0.5 * t * piece.curvature),
      slope: piece.slope + t * piece.curvature,
      projected: piece.projected + t * piece.projectedChange,
    };
  }
}

/**
 * Follows ρ from 0 along the path while the validation loss falls, and on past each minimum to the end of the path;
 * the lowest is kept. With several judges (folds) the loss is their mean at the same ρ, each on its own path.
 */
export function learnLassoRho(
  reference: LassoPath,
  judges: readonly { path: LassoPath; loss: MeanSquares }[],
  { gradient: kind = 'total', first = false }: LearningOptions,
): LearnedRho {
  const curves = judges.map(({ path, loss }) => new Curve(pieces(path, loss)));
  /** The mean loss at ρ, the derivative that is followed just after it, and how fast that changes. */
  const at = (rho: number) => {
    const mean = { rho, loss: 0, gradient: 0, change: 0 };
    for (const curve of curves) {
      const { loss, slope, curvature, projected, projectedChange } = curve.at(rho);
      mean.loss += loss / curves.length;
      mean.gradient += (kind === 'total' ? slope : projected) / curves.length;
      mean.change += (kind === 'total' ? curvature : projectedChange) / curves.length;
    }
    return mean;
  };
  const all = [...curves.flatMap(({ knots }) => knots), reference.end].sort((a, b) => a - b);
  const knots = all.filter((rho, i) => rho <= reference.end && (i === 0 || rho > all[i - 1]));
  const step = ({ rho, loss, gradient }: Omit<RhoStep, 'lambda'>): RhoStep => ({
    rho,
    lambda: reference.at(rho).lambda,
    loss,
    gradient,
  });

  const history: RhoStep[] = [];
  const minima: RhoStep[] = [];
  let falling = true; // Below 0 there is nothing to come from: a minimum at 0 is one where the loss rises from it.
  for (let i = 0; i < knots.length && !(first && minima.length > 0); i++) {
    const here = at(knots[i]);
    history.push(step(here));
    const end = i + 1 === knots.length;
    if (falling && (end || here.gradient >= 0)) minima.push(history[history.length - 1]);
    if (end) break;
    const after = here.gradient + here.change * (knots[i + 1] - knots[i]);
    if (here.gradient < 0 && after >= 0) {
      const rest = at(knots[i] - here.gradient / here.change);
      history.push(step(rest));
      minima.push(history[history.length - 1]);
    }
    falling = after < 0;
  }
  const best = minima.reduce((a, b) => (b.loss < a.loss ? b : a));
  const inside = best.rho > 0 && best.rho < reference.end;
  return {
    rho: best.rho,
    lambda: best.lambda,
    validationLoss: best.loss,
    history,
    status: inside ? 'converged' : 'at bound',
    minima: minima.length,
  };
}
