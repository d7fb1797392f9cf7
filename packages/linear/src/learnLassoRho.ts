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
  const block = new ActiveBlock(size, gram);
  return knots.map(({ rho, active, values, signs, direction }) => {
    block.follow(active);
    const [image, moved] = block.times(values, direction);
    let [loss, slope, curvature, projected, projectedChange] = [power, 0, 0, 0, 0];
    for (let a = 0; a < active.length; a++) {
      const c = correlation[active[a]];
      loss += values[a] * (image[a] - 2 * c);
      slope += 2 * direction[a] * (image[a] - c);
      curvature += 2 * direction[a] * moved[a];
      projected += (2 * signs[a] * (image[a] - c)) / active.length;
      projectedChange += (2 * signs[a] * moved[a]) / active.length;
    }
    return { from: rho, loss, slope, curvature, projected, projectedChange };
  });
}

/**
 * The rows and columns of a matrix that are active, side by side in memory: products with them are most of the work
 * along a path, and gathering numbers from the whole matrix takes several times as long.
 */
class ActiveBlock {
  private active: readonly number[] = [];
  private readonly rows: Float64Array[] = [];

  constructor(
    private readonly size: number,
    private readonly matrix: Float64Array,
  ) {}

  /** Moves to the next active set: the last one, with some entries removed and others appended. */
  follow(active: readonly number[]): void {
    const { rows, size, matrix } = this;
    /** Entries of the next active set found so far, in the places that they have there. */
    let place = 0;
    this.active.forEach((j, from) => {
      if (active[place] === j) {
        place += 1;
        return;
      }
      // The entry at `place` has left: close the gap.
      rows.splice(place, 1);
      const end = this.active.length - (from - place);
      for (const row of rows) row.copyWithin(place, place + 1, end);
    });
    for (let k = place; k < active.length; k++) {
      const added = new Float64Array(size);
      for (let i = 0; i < k; i++) added[i] = rows[i][k] = matrix[active[k] * size + active[i]];
      added[k] = matrix[active[k] * size + active[k]];
      rows.push(added);
    }
    this.active = active;
  }

  /** The products with two vectors; the block is read once for both. */
  times(x: Float64Array, y: Float64Array): [Float64Array, Float64Array] {
    const { rows } = this;
    const [byX, byY] = [new Float64Array(x.length), new Float64Array(x.length)];
    for (let r = 0; r < x.length; r++) {
      const row = rows[r];
      let s = 0;
      let t = 0;
      for (let i = 0; i < x.length; i++) {
        s += row[i] * x[i];
        t += row[i] * y[i];
      }
      byX[r] = s;
      byY[r] = t;
    }
    return [byX, byY];
  }
}

/** A piecewise quadratic function that is evaluated at rising ρ; constant after its last knot. */
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
 * Follows ρ from 0 along the path while the validation loss falls, and on past each minimum to the end of the path. The lowest
 * minimum is kept. With several splits (folds) the loss is their mean at the same ρ, each on its own path.
 */
export function learnLassoRho(
  reference: LassoPath,
  splits: readonly { path: LassoPath; loss: MeanSquares }[],
  { gradient: kind = 'total', earlyStopping = false }: LearningOptions,
): LearnedRho {
  const curves = splits.map(({ path, loss }) => new Curve(pieces(path, loss)));
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
  let falling = true; // There is nothing below 0: ρ = 0 is a minimum if the loss rises from there.
  for (let i = 0; i < knots.length && !(earlyStopping && minima.length > 0); i++) {
    const here = at(knots[i]);
    history.push(step(here));
    const end = i + 1 === knots.length;
    if (falling && (end || here.gradient >= 0)) minima.push(history[history.length - 1]);
    if (end) break;
    const after = here.gradient + here.change * (knots[i + 1] - knots[i]);
    if (here.gradient < 0 && after >= 0) {
      const bottom = at(knots[i] - here.gradient / here.change);
      history.push(step(bottom));
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
