// The page: draws the reports of the worker, and sends it the requests of the user. It does not train.

import { type CsvFile, readCsv, sampleCsv, tableOf, targetOf } from './csv/csvFile';
import { csvProgram } from './csv/csvProgram';
import type { Table } from './csv/table.js';
import { fashionProgram } from './fashion/fashionProgram';
import { fashionTable } from './fashion/fashionTable.js';
import { AUGMENTATION } from './fashion/images';
import type { Progress, Report, Request } from './messages';
import {
  type CsvSettings,
  type FashionSettings,
  fields,
  fromHash,
  readSettings,
  type Settings,
  type Tab,
  type ToySettings,
  toHash,
} from './settings';
import { toyData, UNSEEN } from './toy/toyData';
import { toyProgram } from './toy/toyProgram';
import type { Ranges } from './training/rivals';
import { Chart } from './view/chart';
import { codeDialog } from './view/codeDialog';
import { css, mix, onThemeChange, themeColor } from './view/colors';
import { MarksPlot } from './view/marksPlot';
import { sentence } from './view/sentence';
import { drawStrip, rangesInWords } from './view/strip';
import { Surface, scaleOf } from './view/surface';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const tell = (request: Request) => worker.postMessage(request);

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const form = find<HTMLFormElement>('settings');
const [play, counter, status] = [find('play'), find('counter'), find('status')];

const maps = { plain: new Surface(find('plain-map')), cross: new Surface(find('cross-map')) };
const marks = {
  plain: new MarksPlot(find('plain-map'), 'plain'),
  cross: new MarksPlot(find('cross-map'), 'accent'),
};
const lossChart = new Chart(find('loss-chart'), find('loss-legend'), { logarithmic: false, subject: 'Loss' });
const sigmaChart = new Chart(find('sigma-chart'), find('sigma-legend'), {
  logarithmic: true,
  subject: 'Noise level σ',
});
const rangeChart = new Chart(find('range-chart'), find('range-legend'), {
  logarithmic: false,
  subject: 'Augmentation, each range as a share of its start,',
});

let { tab, settings }: { tab: Tab; settings: Settings[Tab] } = fromHash(location.hash);
/** Each run has a number, so that late messages of an earlier run are not drawn. */
let run = 0;
let playing = !matchMedia('(prefers-reduced-motion: reduce)').matches;
/** Why nothing is trained, until something is. */
let refusal = '';
/** Whether the present settings have no run. The worker still has the one before. */
let hasNoRun = false;
let latest: Progress | undefined;
/** The ranges of the augmentation at the first step. */
let firstRanges: Ranges = {};
let spoken = 0;

/** Kinds of augmentation, in the order of the chart. */
const AUGMENTED = Object.keys(AUGMENTATION);
/** Steps between two announcements for screen readers. */
const SPOKEN_EVERY = 1000;
const whole = new Intl.NumberFormat('en');

/** The data of the CSV tab, once they are loaded. */
let file: CsvFile | undefined;
let isSample = true;
let table: Table | undefined;
const toy = () => settings as ToySettings;
const csv = () => settings as CsvSettings;
const fashion = () => settings as FashionSettings;
const unseen = () => {
  if (tab === 'toy') return `${UNSEEN} unseen points`;
  return `${table?.test.count} unseen ${tab === 'csv' ? 'rows' : 'images'}`;
};

// Controls.

const controlsOf = (name: string) =>
  Array.from(document.querySelectorAll<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`));

/** Shows the settings in the controls. */
function showSettings(): void {
  if (tab === 'csv' && file) {
    settings = { ...csv(), target: targetOf(file, csv()).target };
    const select = document.querySelector<HTMLSelectElement>('select[name=target]')!;
    select.replaceChildren(...file.columns.map((column) => new Option(column, column)));
  }
  for (const [name, value] of Object.entries(settings)) {
    for (const control of controlsOf(name)) {
      if (control instanceof HTMLInputElement && control.type === 'radio')
        control.checked = control.value === value;
      else if (control instanceof HTMLInputElement && control.type === 'checkbox')
        control.checked = value === true;
      else if (control !== document.activeElement || control.type !== 'number') control.value = String(value);
    }
  }
  for (const output of Array.from(form.querySelectorAll<HTMLOutputElement>('.slider output'))) {
    const input = output.parentElement?.querySelector('input');
    output.value = `${input?.value}${output.dataset.unit ?? ''}`;
  }
}

function readControls(): Settings[Tab] {
  return readSettings(tab, (name) => {
    const [control, ...more] = controlsOf(name);
    if (!control) return null;
    if (control instanceof HTMLInputElement && control.type === 'checkbox')
      return control.checked ? '1' : '0';
    if (more.length === 0) return control.value;
    return [control, ...more].find((one) => (one as HTMLInputElement).checked)?.value ?? null;
  });
}

form.addEventListener('submit', (event) => event.preventDefault());
document.addEventListener('input', (event) => {
  if ((event.target as HTMLInputElement).form !== form) return;
  const before = settings;
  settings = readControls();
  showSettings();
  history.replaceState(null, '', toHash(tab, settings));
  const changed = Object.keys(fields[tab]).filter(
    (name) => settings[name as keyof Settings[Tab]] !== before[name as keyof Settings[Tab]],
  );
  if (changed.includes('speed')) tellSpeed();
  if (changed.includes('view')) {
    showKey();
    tell({ type: 'view', view: toy().view });
  }
  if (changed.some((name) => name !== 'speed' && name !== 'view')) begin();
});
// A number that was typed outside its range is shown as it was accepted.
document.addEventListener('change', showSettings);
window.addEventListener('hashchange', () => {
  ({ tab, settings } = fromHash(location.hash));
  showTab();
});

function tellSpeed(): void {
  const { speed } = settings;
  tell({ type: 'speed', stepsPerSecond: speed === 'max' ? Number.POSITIVE_INFINITY : Number(speed) });
}

function setPlaying(on: boolean): void {
  if (on && hasNoRun) return;
  playing = on;
  if (on) refusal = '';
  play.textContent = on ? 'Pause' : 'Play';
  tell({ type: on ? 'play' : 'pause' });
}
play.addEventListener('click', () => setPlaying(!playing));
find('step').addEventListener('click', () => {
  if (hasNoRun) return;
  if (playing) setPlaying(false);
  refusal = '';
  tell({ type: 'step' });
});
find('restart').addEventListener('click', () => {
  begin();
  setPlaying(true);
});
find('share').addEventListener('click', async () => {
  history.replaceState(null, '', toHash(tab, settings));
  try {
    await navigator.clipboard.writeText(location.href);
    status.textContent = 'The link is in the clipboard: it opens this page with these settings.';
  } catch {
    status.textContent = 'The address of this page is the link: copy it from the address bar.';
  }
});
find('code').addEventListener('click', () => {
  if (playing) setPlaying(false);
  const steps = latest?.step || 1000;
  if (tab === 'toy') codeDialog(toyProgram(toy(), steps));
  else if (tab === 'fashion') {
    const { source, packages } = fashionProgram(fashion(), steps);
    codeDialog(source, packages);
  } else if (file && table) {
    const { source, packages } = csvProgram(file, {
      settings: csv(),
      prepared: table,
      steps,
      sample: isSample,
    });
    codeDialog(source, packages);
  }
});
// Otherwise choosing the same file again, after it was edited, would not count as a change.
find<HTMLInputElement>('file').addEventListener('click', ({ target }) => {
  (target as HTMLInputElement).value = '';
});
find<HTMLInputElement>('file').addEventListener('change', async ({ target }) => {
  const [chosen] = Array.from((target as HTMLInputElement).files ?? []);
  if (!chosen) return;
  try {
    file = await readCsv(chosen);
    isSample = false;
    settings = { ...csv(), target: '' };
    showSettings();
    begin();
  } catch (error) {
    refuse(error);
  }
});

// A page in the background is not visible, and a phone runs on a battery.
document.addEventListener('visibilitychange', () => {
  if (playing) tell({ type: document.hidden ? 'pause' : 'play' });
});

// Runs.

/** Shows the parts of the chosen tab, and begins a run. */
async function showTab(): Promise<void> {
  for (const element of Array.from(document.querySelectorAll<HTMLElement>('[data-tab]')))
    element.hidden = !element.dataset.tab?.split(' ').includes(tab);
  for (const link of Array.from(document.querySelectorAll<HTMLElement>('[data-link]'))) {
    if (link.dataset.link === tab) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (tab === 'csv') file ??= await sampleCsv();
  showSettings();
  showKey();
  tellSpeed();
  begin();
}

/** Shows why nothing is trained. A run that was under way still reports, and does not replace it. */
function refuse(error: unknown): void {
  setPlaying(false);
  refusal = error instanceof Error ? error.message : String(error);
  find('sentence').textContent = refusal;
}

/** Shows why the present settings have no run, unless they have changed since. */
function refuseRun(error: unknown, of: number): void {
  if (of !== run) return;
  refuse(error);
  hasNoRun = true;
  table = undefined;
}

/** Begins a run with the present settings. A table that nothing can be learned from is refused with a message. */
function begin(): void {
  run += 1;
  const mine = run;
  hasNoRun = false;
  refusal = '';
  latest = undefined;
  spoken = 0;
  counter.textContent = 'step 0';
  for (const name of ['plain', 'cross'] as const) find(`${name}-loss`).textContent = '–';
  lossChart.reset([
    { label: 'plain, unseen', color: () => themeColor('plain') },
    {
      label: settings.both ? 'plain, held out too' : 'plain, held out',
      color: () => themeColor('plain'),
      dashed: true,
    },
    { label: 'cross-reg., unseen', color: () => themeColor('accent') },
    { label: 'cross-reg., held out', color: () => themeColor('accent'), dashed: true },
  ]);
  sigmaChart.reset(
    Array.from({ length: settings.layers }, (_, i) => ({
      label: `layer ${i + 1}`,
      color: () => mix(themeColor('much'), themeColor('accent'), i / Math.max(1, settings.layers - 1)),
    })),
  );
  const augments = tab === 'fashion' && fashion().augment;
  for (const figure of Array.from(document.querySelectorAll<HTMLElement>('.augmentation')))
    figure.hidden = !augments;
  rangeChart.reset(
    ['shift', 'turn', 'scale'].map((label, i) => ({
      label,
      color: () => mix(themeColor('much'), themeColor('accent'), i / 2),
    })),
  );
  if (tab === 'toy') beginToy();
  else if (tab === 'fashion') beginFashion().catch((error) => refuseRun(error, mine));
  else {
    try {
      beginCsv();
    } catch (error) {
      refuseRun(error, mine);
    }
  }
}

type Start = Extract<Request, { type: 'start' }>;
function start(what: DistributiveOmit<Start, 'type'>): void {
  tell({ type: 'start', ...what });
  if (playing) tell({ type: 'play' });
}
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function beginToy(): void {
  const data = toyData(toy());
  for (const plot of Object.values(marks)) plot.hide();
  for (const map of Object.values(maps)) map.setPoints(data);
  find('loss-note').textContent = 'negative log-likelihood; an even guess costs 0.69';
  start({ run, tab: 'toy', settings: toy() });
}

const RELIABILITY =
  'Across: how sure the network is of its answer. Up: how often it is right. Larger marks are more answers.';
const evenGuess = (classes: number) =>
  `negative log-likelihood; an even guess costs ${Math.log(classes).toFixed(2)}`;

async function beginFashion(): Promise<void> {
  const mine = run;
  for (const map of Object.values(maps)) map.hide();
  find('loss-note').textContent = evenGuess(10);
  find('axes').textContent = RELIABILITY;
  const loaded = await fashionTable(await import('@crossreg/datasets'), fashion());
  // The user may have chosen something else meanwhile.
  if (mine !== run) return;
  table = loaded;
  find('images-note').textContent =
    `${table.train.count} images train θ, ${table.heldOut.count} are held out for ρ, ${table.test.count} are unseen. ` +
    `Ten classes: ${table.classes.join(', ')}.`;
  start({ run, tab: 'fashion', settings: fashion(), table });
}

function beginCsv(): void {
  if (!file) return;
  for (const map of Object.values(maps)) map.hide();
  table = tableOf(file, csv());
  const { target, classify } = targetOf(file, csv());
  const { train, heldOut, test, columns, classes, leftOut } = table;
  find('table-note').textContent =
    `${isSample ? 'Until you choose one: diabetes, 442 patients. ' : ''}${columns.length} columns of numbers predict ` +
    `“${target}”. ${train.count} rows train θ, ${heldOut.count} are held out for ρ, ${test.count} are unseen` +
    `${leftOut > 0 ? `; ${leftOut} with gaps are left out` : ''}.`;
  find('loss-note').textContent = classify
    ? evenGuess(classes.length)
    : 'mean squared error; to say the mean always costs about 1';
  find('axes').textContent = classify
    ? RELIABILITY
    : `Across: the true ${target}. Up: the prediction. Both in standard deviations, from −3 to 3.`;
  start({ run, tab: 'csv', settings: csv(), table });
}

worker.addEventListener('message', ({ data }: MessageEvent<Report>) => {
  if (data.type === 'ready') return;
  if (data.type === 'failed') {
    find('sentence').textContent = `Training stopped: ${data.message}`;
    return;
  }
  if (data.run !== run) return;
  counter.textContent = `step ${whole.format(data.step)}`;
  if (data.type === 'progress') showProgress(data);
  else if (data.type === 'picture') {
    const { picture } = data;
    if (performance.getEntriesByName('first picture').length === 0) performance.mark('first picture');
    for (const name of ['plain', 'cross'] as const) {
      if (picture.kind === 'toy') maps[name].show(picture[name], picture.view, !playing);
      else marks[name].show(picture[name], picture.kind);
    }
    if ('strip' in picture && picture.strip) drawStrip(find<HTMLCanvasElement>('strip'), picture.strip);
  } else {
    if (data.finished) setPlaying(false);
    speak(data.finished ? 'Training rests; Play goes on.' : 'Paused.');
  }
});
worker.addEventListener('error', ({ message }) => {
  find('sentence').textContent = `The training thread did not start: ${message}`;
});

function showProgress(progress: Progress): void {
  const { step, losses, sigma, ranges } = progress;
  if (step > (latest?.step ?? -1)) {
    const { plain, cross } = losses;
    lossChart.add(step, [plain.test, plain.heldOut, cross.test, cross.heldOut]);
    sigmaChart.add(step, sigma);
    if ('rotate' in ranges) {
      if (!latest) firstRanges = ranges;
      rangeChart.add(
        step,
        AUGMENTED.map((kind) => ranges[kind] / firstRanges[kind]),
      );
      find('ranges').textContent = rangesInWords(ranges);
      find('strip').setAttribute(
        'aria-label',
        `Training images, and below each three augmented copies, ${rangesInWords(ranges)}.`,
      );
    }
  }
  latest = progress;
  find('sentence').textContent = refusal || sentence(progress, unseen());
  for (const name of ['plain', 'cross'] as const) {
    const loss = losses[name].test.toFixed(2);
    find(`${name}-loss`).textContent = loss;
    const who = name === 'plain' ? 'Plain network' : 'Cross-regularized network';
    find(`${name}-map`).setAttribute(
      'aria-label',
      tab === 'toy'
        ? `${who}: map of its prediction over the plane with the points it learns from. Test loss ${loss} at step ${step}.`
        : `${who}: what it predicts of ${unseen()} against what is true. Test loss ${loss} at step ${step}.`,
    );
  }
  if (step - spoken >= SPOKEN_EVERY) speak('');
}

/** For screen readers, slow enough to listen to. The sentence itself changes many times a second. */
function speak(why: string): void {
  spoken = latest?.step ?? 0;
  status.textContent = why;
  find('spoken').textContent = latest ? sentence(latest, unseen()) : '';
}

function showKey(): void {
  const { stops, low, high } = scaleOf(tab === 'toy' ? toy().view : 'prediction');
  find('low').textContent = low;
  find('high').textContent = high;
  find('ramp').style.background = `linear-gradient(to right, ${stops.map(css).join(', ')})`;
}

onThemeChange(() => {
  showKey();
  lossChart.build();
  sigmaChart.build();
  rangeChart.build();
  for (const map of [...Object.values(maps), ...Object.values(marks)]) map.invalidate();
});

showKey();
showTab().then(() => setPlaying(playing), refuse);
