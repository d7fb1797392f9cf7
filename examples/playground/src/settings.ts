// The settings of the page: one table, from which the controls, the link and the checks follow.

interface Whole {
  readonly kind: 'whole';
  readonly min: number;
  readonly max: number;
  readonly initial: number;
}
interface Choice<C extends string = string> {
  readonly kind: 'choice';
  readonly choices: readonly C[];
  readonly initial: C;
}
interface Flag {
  readonly kind: 'flag';
  readonly initial: boolean;
}
interface Text {
  readonly kind: 'text';
  readonly initial: string;
}
export type Field = Whole | Choice | Flag | Text;

type Values<F extends Record<string, Field>> = {
  -readonly [K in keyof F]: F[K] extends Whole
    ? number
    : F[K] extends Choice<infer C>
      ? C
      : F[K] extends Flag
        ? boolean
        : F[K] extends Text
          ? string
          : never;
};

const whole = (min: number, max: number, initial: number): Whole => ({ kind: 'whole', min, max, initial });
const choice = <const C extends string>(choices: readonly C[], initial: NoInfer<C>): Choice<C> => ({
  kind: 'choice',
  choices,
  initial,
});
const text = (initial: string): Text => ({ kind: 'text', initial });
const flag = (initial: boolean): Flag => ({ kind: 'flag', initial });

/** The settings of every tab. */
const common = {
  seed: whole(0, 9999, 1),
  /** Steps per second; `max` means as many as possible. */
  speed: choice(['5', '30', '120', 'max'], 'max'),
  layers: whole(1, 5, 3),
  width: whole(4, 64, 32),
  /** Whether the plain network trains on the held-out examples as well. */
  both: flag(false),
};

export const fields = {
  toy: {
    ...common,
    data: choice(['moons', 'circles', 'spirals', 'blobs'], 'moons'),
    points: whole(40, 600, 200),
    /** Percent of labels that are wrong. */
    flipped: whole(0, 40, 15),
    view: choice(['prediction', 'entropy', 'spread'], 'prediction'),
  },
  fashion: {
    ...common,
    /** The number of images that are trained on or held out. */
    images: whole(200, 3000, 600),
    /** Whether the cross-regularized network also learns the ranges of augmentation. */
    augment: flag(true),
  },
  csv: {
    ...common,
    /** The column to predict. Empty means the last one. */
    target: text(''),
    /** Whether the target is a number or a class; `auto` decides by its values. */
    predicts: choice(['auto', 'number', 'class'], 'auto'),
  },
};

export type Tab = keyof typeof fields;
export type ToySettings = Values<(typeof fields)['toy']>;
export type FashionSettings = Values<(typeof fields)['fashion']>;
export type CsvSettings = Values<(typeof fields)['csv']>;
export type Settings = { [T in Tab]: Values<(typeof fields)[T]> };
export const tabs = Object.keys(fields) as Tab[];

/** A valid value: numbers are rounded and limited to their range, and anything unknown becomes the initial value. */
function legal(field: Field, text: string | null): string | number | boolean {
  if (text === null) return field.initial;
  if (field.kind === 'text') return text.slice(0, 200);
  if (field.kind === 'flag') return text === '1' || (text !== '0' && field.initial);
  if (field.kind === 'choice') return field.choices.includes(text) ? text : field.initial;
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) return field.initial;
  return Math.min(field.max, Math.max(field.min, Math.round(number)));
}

/** Settings of a tab from texts by name, such as those of a link or a form. */
export function readSettings<T extends Tab>(tab: T, text: (name: string) => string | null): Settings[T] {
  return Object.fromEntries(
    Object.entries<Field>(fields[tab]).map(([name, field]) => [name, legal(field, text(name))]),
  ) as Settings[T];
}

const asText = (value: string | number | boolean) =>
  String(typeof value === 'boolean' ? Number(value) : value);

/** The part of a link after `#`: the tab and all of its settings. */
export function toHash<T extends Tab>(tab: T, settings: Settings[T]): string {
  const texts = Object.entries(settings).map(([name, value]) => [name, asText(value)]);
  return `#${new URLSearchParams([['tab', tab], ...texts])}`;
}

/** The settings in a link. Missing and invalid ones have their initial values. */
export function fromHash(hash: string): { tab: Tab; settings: Settings[Tab] } {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''));
  const asked = parameters.get('tab') as Tab;
  const tab = tabs.includes(asked) ? asked : 'toy';
  return { tab, settings: readSettings(tab, (name) => parameters.get(name)) };
}
