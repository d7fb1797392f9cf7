import type { Report, Request, Start } from '../messages';
import type { ToySettings } from '../settings';
import { experiment, type Pictures } from './experiment';
import { nextTask } from './nextTask';
import type { Rivals } from './rivals';

/** Losses and σ are measured every so many steps. */
export const MEASURED_EVERY = 25;
/** Training pauses here, so that a page that is left open does not compute forever. Play continues. */
export const RESTS_EVERY = 4000;
/** Milliseconds of training between two checks for messages. */
const SLICE = 12;
/** The shortest time between two pictures, in milliseconds. Pictures also take no more than a third of the time. */
const PICTURE_PAUSE = 60;
/** Draws per picture during training, and when it is paused. */
const MOVING_DRAWS = 4;
const STANDING_DRAWS = 48;

/** A run: trains, measures and draws, and handles messages between two steps. */
export class Training {
  private rivals: Rivals | undefined;
  private pictures: Pictures | undefined;
  private run = 0;
  private view: ToySettings['view'] = 'prediction';
  private stepsPerSecond = Number.POSITIVE_INFINITY;
  private playing = false;
  /** Whether a step may be in progress. A new run then waits in {@link next}. */
  private working = false;
  private next: Start | undefined;

  constructor(private readonly report: (message: Report, transfer?: Transferable[]) => void) {}

  async take(request: Request): Promise<void> {
    if (request.type === 'start') {
      if (this.working) this.next = request;
      else this.start(request);
    } else if (request.type === 'speed') this.stepsPerSecond = request.stepsPerSecond;
    else if (request.type === 'pause') this.playing = false;
    else if (request.type === 'view') {
      this.view = request.view;
      if (!this.playing) this.draw(true);
    } else if (this.rivals && !this.working) {
      this.working = true;
      this.playing = request.type === 'play';
      try {
        await (this.playing ? this.train() : this.rivals.step());
      } finally {
        this.working = false;
        this.playing = false;
      }
      if (this.next) this.start(this.next);
      this.rest();
    } else if (this.working && request.type === 'play') this.playing = true;
  }

  private start(start: Start): void {
    this.next = undefined;
    this.rivals?.dispose();
    this.pictures?.dispose();
    this.rivals = this.pictures = undefined;
    ({ rivals: this.rivals, pictures: this.pictures } = experiment(start));
    this.run = start.run;
    if (start.tab === 'toy') this.view = start.settings.view;
    this.measure();
    this.draw(false);
  }

  /** Trains until told to stop, in slices, at the requested pace. */
  private async train(): Promise<void> {
    let nextStep = performance.now();
    let nextPicture = nextStep;
    let drawn = -1;
    for (;;) {
      if (this.next) this.start(this.next);
      const { rivals } = this;
      if (!rivals || !this.playing) return;
      const began = performance.now();
      for (let now = began; now < began + SLICE && now >= nextStep; now = performance.now()) {
        // Missed steps are not caught up.
        nextStep = Math.max(nextStep, now - SLICE) + 1000 / this.stepsPerSecond;
        await rivals.step();
        if (rivals.steps % MEASURED_EVERY === 0) this.measure();
        if (rivals.steps % RESTS_EVERY === 0) return;
      }
      const now = performance.now();
      if (now >= nextPicture && rivals.steps !== drawn) {
        drawn = rivals.steps;
        this.draw(false);
        const took = performance.now() - now;
        nextPicture = performance.now() + Math.max(PICTURE_PAUSE, 2 * took);
      }
      const early = Math.min(nextStep - performance.now(), 50);
      await (early > 4 ? new Promise((resolve) => setTimeout(resolve, early)) : nextTask());
    }
  }

  private rest(): void {
    const { run, rivals } = this;
    if (!rivals) return;
    if (rivals.steps % MEASURED_EVERY !== 0) this.measure();
    this.draw(true);
    const finished = rivals.steps > 0 && rivals.steps % RESTS_EVERY === 0;
    this.report({ type: 'resting', run, step: rivals.steps, finished });
  }

  private measure(): void {
    const { run, rivals } = this;
    if (!rivals) return;
    this.report({
      type: 'progress',
      run,
      step: rivals.steps,
      losses: rivals.losses(),
      sigma: rivals.sigma(),
      ranges: rivals.ranges(),
    });
  }

  private draw(still: boolean): void {
    const { rivals, pictures, run, view } = this;
    if (!rivals || !pictures) return;
    const draws = still ? STANDING_DRAWS : MOVING_DRAWS;
    const { picture, transfer } = pictures.next({ view, draws, still });
    this.report({ type: 'picture', run, step: rivals.steps, picture }, transfer);
  }
}
