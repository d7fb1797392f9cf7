// The page: draws what the worker reports, and tells it what is asked for. Nothing here computes.
import type { Progress, Report, Request } from './messages';
import { fields, fromHash, readSettings, type ToySettings, toHash } from './settings';
import { toyData, UNSEEN } from './toy/toyData';
import { toyProgram } from './toy/toyProgram';
import { Chart } from './view/chart';
import { codeDialog } from './view/codeDialog';
import { css, mix, onThemeChange, themeColor } from './view/colors';
import { sentence } from './view/sentence';
import { Surface, scaleOf } from './view/surface';

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
const tell = (request: Request) => worker.postMessage(request);

const find = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;
const form = find<HTMLFormElement>('settings');
const [play, counter, status] = [find('play'), find('counter'), find('status')];

const maps = { plain: new Surface(find('plain-map')), cross: new Surface(find('cross-map')) };
const lossChart = new Chart(find('loss-chart'), find('loss-legend'), { logarithmic: false, subject: 'Loss' });
const sigmaChart = new Chart(find('sigma-chart'), find('sigma-legend'), {
  logarithmic: true,
  subject: 'Noise level σ',
});

let { tab, settings } = fromHash(location.hash);
/** Each run has a number, so that what is still said of one that is over is not drawn. */
let run = 0;
let playing = !matchMedia('(prefers-reduced-motion: reduce)').matches;
let latest: Progress | undefined;
let spoken = 0;

/** Steps between two remarks to those who listen to the page. */
const SPOKEN_EVERY = 1000;
const whole = new Intl.NumberFormat('en');
const unseen = `${UNSEEN} unseen points`;

// Controls.

const controlsOf = (name: string) =>
  Array.from(document.querySelectorAll<HTMLInputElement | HTMLSelectElement>(`[name="${name}"]`));

/** Makes the controls say what is set. */
function showSettings(): void {
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

function readControls(): ToySettings {
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
    (name) => settings[name as keyof ToySettings] !== before[name as keyof ToySettings],
  );
  if (changed.includes('speed')) tellSpeed();
  if (changed.includes('view')) {
    showKey();
    tell({ type: 'view', view: settings.view });
  }
  if (changed.some((name) => name !== 'speed' && name !== 'view')) begin();
});
// A number that was typed out of its range is shown as it was taken.
document.addEventListener('change', showSettings);
window.addEventListener('hashchange', () => {
  ({ tab, settings } = fromHash(location.hash));
  showSettings();
  begin();
});

function tellSpeed(): void {
  const { speed } = settings;
  tell({ type: 'speed', stepsPerSecond: speed === 'max' ? Number.POSITIVE_INFINITY : Number(speed) });
}

function setPlaying(on: boolean): void {
  playing = on;
  play.textContent = on ? 'Pause' : 'Play';
  tell({ type: on ? 'play' : 'pause' });
}
play.addEventListener('click', () => setPlaying(!playing));
find('step').addEventListener('click', () => {
  if (playing) setPlaying(false);
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
  codeDialog(toyProgram(settings, latest?.step || 1000));
});

// Nobody sees a page in the background, and a telephone has one battery.
document.addEventListener('visibilitychange', () => {
  if (playing) tell({ type: document.hidden ? 'pause' : 'play' });
});

// Runs.

function begin(): void {
  run += 1;
  latest = undefined;
  spoken = 0;
  counter.textContent = 'step 0';
  const data = toyData(settings);
  for (const map of Object.values(maps)) map.setPoints(data);
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
  tell({ type: 'start', run, tab, settings });
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
    const { plain, cross, view } = data.picture;
    if (performance.getEntriesByName('first picture').length === 0) performance.mark('first picture');
    maps.plain.show(plain, view, !playing);
    maps.cross.show(cross, view, !playing);
  } else {
    if (data.finished) setPlaying(false);
    speak(data.finished ? 'Training rests; Play goes on.' : 'Paused.');
  }
});
worker.addEventListener('error', ({ message }) => {
  find('sentence').textContent = `The training thread did not start: ${message}`;
});

function showProgress(progress: Progress): void {
  const { step, losses, sigma } = progress;
  if (step > (latest?.step ?? -1)) {
    const { plain, cross } = losses;
    lossChart.add(step, [plain.test, plain.heldOut, cross.test, cross.heldOut]);
    sigmaChart.add(step, sigma);
  }
  latest = progress;
  const said = sentence(progress, unseen);
  find('sentence').textContent = said;
  for (const name of ['plain', 'cross'] as const) {
    const loss = losses[name].test.toFixed(2);
    find(`${name}-loss`).textContent = loss;
    const who = name === 'plain' ? 'Plain network' : 'Cross-regularized network';
    find(`${name}-map`).setAttribute(
      'aria-label',
      `${who}: map of its prediction over the plane with the points it learns from. Test loss ${loss} at step ${step}.`,
    );
  }
  if (step - spoken >= SPOKEN_EVERY) speak('');
}

/** For screen readers, at a pace that one can listen to; the sentence itself changes many times a second. */
function speak(why: string): void {
  spoken = latest?.step ?? 0;
  status.textContent = why;
  find('spoken').textContent = latest ? sentence(latest, unseen) : '';
}

function showKey(): void {
  const { stops, low, high } = scaleOf(settings.view);
  find('low').textContent = low;
  find('high').textContent = high;
  find('ramp').style.background = `linear-gradient(to right, ${stops.map(css).join(', ')})`;
}

onThemeChange(() => {
  showKey();
  lossChart.build();
  sigmaChart.build();
  for (const map of Object.values(maps)) map.invalidate();
});

showSettings();
showKey();
begin();
tellSpeed();
setPlaying(playing);
