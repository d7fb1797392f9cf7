// The messages between page and worker. Pictures contain only what is drawn.
import type { CsvPicture } from './csv/csvPicture';
import type { Table } from './csv/table.js';
import type { FashionPicture } from './fashion/fashionPicture';
import type { CsvSettings, FashionSettings, ToySettings } from './settings';
import type { ToyPicture } from './toy/toyPicture';
import type { Losses, Ranges } from './training/rivals';

/** Begins a run and ends the run before it. */
export type Start = { readonly type: 'start'; readonly run: number } & (
  | { readonly tab: 'toy'; readonly settings: ToySettings }
  | { readonly tab: 'csv'; readonly settings: CsvSettings; readonly table: Table }
  | { readonly tab: 'fashion'; readonly settings: FashionSettings; readonly table: Table }
);

export type Request =
  | Start
  | { readonly type: 'play' }
  | { readonly type: 'pause' }
  /** One step, then a pause. */
  | { readonly type: 'step' }
  | { readonly type: 'speed'; readonly stepsPerSecond: number }
  | { readonly type: 'view'; readonly view: ToySettings['view'] };

export type Picture = ToyPicture | CsvPicture | FashionPicture;

/** The state of a run. */
export interface Progress {
  readonly step: number;
  readonly losses: { readonly plain: Losses; readonly cross: Losses };
  /** σ of every hidden layer. */
  readonly sigma: readonly number[];
  /** The ranges of learned augmentation. Empty without augmentation. */
  readonly ranges: Ranges;
}

export type Report =
  | { readonly type: 'ready'; readonly threads: number }
  | ({ readonly type: 'progress'; readonly run: number } & Progress)
  | { readonly type: 'picture'; readonly run: number; readonly step: number; readonly picture: Picture }
  /** Nothing is computed until the next request. */
  | { readonly type: 'resting'; readonly run: number; readonly step: number; readonly finished: boolean }
  | { readonly type: 'failed'; readonly message: string };
