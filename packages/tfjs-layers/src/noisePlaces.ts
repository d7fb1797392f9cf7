import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { LayersModel, type layers } from '@tensorflow/tfjs-layers';
import type { LearnableNoise } from './learnableNoise';

/** Where `injectNoise` put noise into a model. */
export interface NoisePlace {
  /** The layer in the model that was given. */
  layer: layers.Layer;
  noise: LearnableNoise;
  /** Between the linear part of the layer and its activation function, before the layer, or after it. */
  position: 'activation' | 'input' | 'output';
}

/** All layers of a model, by whether they got noise. As text it is a table, one line per layer. */
export class NoisePlaces {
  constructor(
    /** In the order of the graph. */
    readonly chosen: readonly NoisePlace[],
    /** Why the others have none. */
    readonly skipped: readonly { layer: layers.Layer; reason: string }[],
  ) {}

  toString(): string {
    const where = { activation: 'before its activation', input: 'before it', output: 'on its output' };
    const rows = [
      ...this.chosen.map(
        ({ layer, noise, position }) => [layer, `${where[position]}: ${noise.name}`] as const,
      ),
      ...this.skipped.map(({ layer, reason }) => [layer, `no noise: ${reason}`] as const),
    ];
    const names = rows.map(([layer]) => `${layer.name} (${layer.getClassName()})`);
    const width = Math.max(...names.map(({ length }) => length));
    return rows.map(([, text], i) => `${names[i].padEnd(width)}  ${text}`).join('\n');
  }
}

const placesOf = new WeakMap<LayersModel, NoisePlaces>();

export function rememberPlaces(noisy: LayersModel, places: NoisePlaces): void {
  placesOf.set(noisy, places);
}

/**
 * The places at which `injectNoise` put noise into a model, and the reasons for having none elsewhere.
 * `String(noisePlaces(noisy))` is a table.
 *
 * @param noisy - the result of `injectNoise` or `toModel`.
 * @throws ArgumentError for any other model, including one that was saved and loaded.
 * @example
 * console.log(String(noisePlaces(injectNoise(model))));
 */
export function noisePlaces(noisy: LayersModel): NoisePlaces {
  const places = noisy instanceof LayersModel ? placesOf.get(noisy) : undefined;
  if (!places) {
    const what = noisy instanceof LayersModel ? noisy.name : show(noisy);
    throw new ArgumentError(
      'noisy',
      `must be a model that injectNoise(model) or toModel() returned, but is ${what}. Noise layers of other models are in noiseLayers(model).`,
    );
  }
  return places;
}
