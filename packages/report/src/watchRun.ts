import { ArgumentError, type RegularizationRecord } from '@crossreg/core';
import { checkOptions, refuse, show } from '@crossreg/core/internal';
import { type Line, lossLines, parameterLines } from './lines';
import type { ParameterKind } from './parameterKinds';
import { flush } from './run';

/** The part of `@tensorflow/tfjs-vis` that is used. */
export interface Visor {
  render: {
    linechart(
      container: any,
      data: { values: { x: number; y: number }[][]; series: string[] },
      options: { xLabel: string; yLabel: string; zoomToFit: boolean },
    ): Promise<void>;
  };
}

const charts: Record<ParameterKind, [name: string, yLabel: string]> = {
  noise: ['Learned noise', 'σ'],
  augmentation: ['Learned augmentation', 'share of the first value'],
  norm: ['Learned norms', 'share of the first value'],
};

/**
 * Surfaces of tfjs-vis that follow a run while `fit` trains: the paths of ρ and the regularization loss. They are redrawn at
 * the end of each epoch.
 *
 * @param visor - the module: `import * as tfvis from '@tensorflow/tfjs-vis'`. This package does not import it.
 * @param cross - the `crossRegularization` callback. It must come before this one in the list, because it completes the
 *   history. In your own loop, the trainer of `@crossreg/core`.
 * @param options - `tab` of the visor, by default `'crossreg'`.
 * @returns what `callbackList` of `@crossreg/tfjs-layers` takes: `callbacks: callbackList(cross, watchRun(tfvis, cross))`.
 * @example
 * ```ts
 * const watch = watchRun(tfvis, cross);
 * ```
 */
export function watchRun(
  visor: Visor,
  cross: { readonly history: RegularizationRecord },
  options: { tab?: string } = {},
): { onEpochEnd(): Promise<void> } {
  checkOptions('watchRun', options, { tab: 1 });
  const { tab = 'crossreg' } = options;
  if (typeof visor?.render?.linechart !== 'function') {
    throw new ArgumentError(
      'visor',
      `must be the tfjs-vis module, but is ${show(visor)}. Write import * as tfvis from '@tensorflow/tfjs-vis'.`,
    );
  }
  if (!Array.isArray(cross?.history?.step)) {
    const advice = 'Give the callback itself, whose history grows.';
    refuse('cross', cross, 'a crossRegularization callback or a trainer', advice);
  }
  const draw = (name: string, yLabel: string, lines: Line[]) =>
    visor.render.linechart(
      { name, tab },
      {
        values: lines.map(({ points }) => points.map(([x, y]) => ({ x, y }))),
        series: lines.map((line) => line.name),
      },
      { xLabel: 'training step', yLabel, zoomToFit: true },
    );
  return {
    async onEpochEnd() {
      await flush(cross.history);
      const run = { record: cross.history, status: {} };
      for (const [kind, [name, yLabel]] of Object.entries(charts)) {
        const lines = parameterLines(run, kind as ParameterKind).filter(({ points }) => points.length > 0);
        if (lines.length > 0) await draw(name, yLabel, lines);
      }
      const { line } = lossLines(run);
      if (line.points.length > 0) await draw('Regularization loss', 'loss', [line]);
    },
  };
}
