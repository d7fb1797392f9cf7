// Only type-checked, by `tsc --noEmit`: what a user writes against report has the types that the user expects.
import type { RegularizationRecord } from '@crossreg/core';
import { type Figure, figures, report, type Visor, watchRun } from '@crossreg/report';
import { expectTypeOf, test } from 'vitest';

declare const history: RegularizationRecord;
declare const visor: Visor;

test('a run is whatever has a history, or the history', () => {
  expectTypeOf(report({ history })).toEqualTypeOf<Promise<string>>();
  expectTypeOf(report(history, { title: 'mine' })).toEqualTypeOf<Promise<string>>();
  expectTypeOf(figures({ history })).toEqualTypeOf<Promise<Figure[]>>();
  expectTypeOf<keyof Figure>().toEqualTypeOf<'title' | 'svg' | 'caption'>();
  // @ts-expect-error: a run without its history
  report({ step: [1] });
});

test('options', () => {
  report(history, {
    description: 'text',
    predictions: { mine: { probabilities: [[0.2, 0.8]], labels: [1] } },
    losses: { training: Float64Array.of(1) },
    seconds: { training: 1, rho: 0.1 },
  });
  // @ts-expect-error: predictions have names
  report(history, { predictions: { probabilities: [[0.2, 0.8]], labels: [1] } });
  // @ts-expect-error: the time of both kinds of steps
  report(history, { seconds: { training: 1 } });
  // @ts-expect-error: only the report has a title
  figures(history, { title: 'mine' });
});

test('a visor is watched through a callback', () => {
  expectTypeOf(watchRun(visor, { history }, { tab: 'mine' })).toEqualTypeOf<{
    onEpochEnd(): Promise<void>;
  }>();
  // @ts-expect-error: the run itself, whose history grows, and not the history
  watchRun(visor, history);
});
