import { kindOf, labelsOf, type ParameterKind } from './parameterKinds';
import type { Run } from './run';

/** A line of a chart: [training step, value]. */
export interface Line {
  name: string;
  points: [number, number][];
}

/** Points beyond this number cannot be seen at the width of a page. */
const MOST_POINTS = 400;

const finite = (points: [number, number][]) => points.filter(([, value]) => Number.isFinite(value));

/** Every n-th point and the last one. */
export function thinned(points: [number, number][]): [number, number][] {
  const stride = Math.ceil(points.length / MOST_POINTS);
  return points.filter((_, i) => i % stride === 0 || i === points.length - 1);
}

/** Means of consecutive points, `size` at a time, each at the last step of its block. */
export function blockMeans(points: [number, number][], size: number): [number, number][] {
  return Array.from({ length: Math.ceil(points.length / size) }, (_, i) => {
    const block = points.slice(i * size, (i + 1) * size);
    return [block[block.length - 1][0], block.reduce((sum, [, value]) => sum + value, 0) / block.length];
  });
}

/**
 * The paths of all parameters of a kind. A range or a level is shown as a share of its first value above 0, because units differ.
 */
export function parameterLines({ record }: Run, kind: ParameterKind): Line[] {
  const labels = labelsOf(Object.keys(record.rho));
  return Object.entries(record.rho)
    .filter(([name]) => kindOf(name) === kind)
    .map(([name, { value }]) => {
      const unit = kind === 'noise' ? 1 : (value.find((one) => one > 0) ?? 1);
      return {
        name: labels[name],
        points: thinned(finite(record.step.map((step, i) => [step, value[i] / unit]))),
      };
    });
}

/** The regularization loss of every ρ step that was not skipped, and its mean over 20 steps (fewer in a short run). */
export function lossLines({ record }: Run): { dots: [number, number][]; line: Line } {
  const points = finite(record.step.map((step, i) => [step, record.loss[i]]));
  const size = Math.max(1, Math.min(20, Math.floor(points.length / 10)));
  return {
    dots: thinned(points),
    line: { name: 'regularization loss', points: thinned(blockMeans(points, size)) },
  };
}

/** The training losses of models, one number per step, as means of blocks. Models without a finite loss have no line. */
export function trainingLines(losses: Record<string, ArrayLike<number>>): Line[] {
  return Object.entries(losses)
    .map(([name, values]) => {
      const points = finite(Array.from(values, (value, i) => [i + 1, value]));
      return { name, points: blockMeans(points, Math.max(1, Math.round(points.length / 80))) };
    })
    .filter(({ points }) => points.length > 0);
}
