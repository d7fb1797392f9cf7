import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers';
import { Ensemble } from './ensemble';
import { splitArtifacts } from './ensembleArtifacts';

/**
 * Loads what {@link Ensemble.save} has saved, from anywhere that `tf.loadLayersModel` can load from.
 *
 * @param handlerOrURL - the URL of the model.json, such as `file://…/model.json`, `https://…/model.json` or `indexeddb://…`, or
 *   an IOHandler.
 * @returns the ensemble, not compiled. Disposing it also disposes its members.
 * @throws ArgumentError for anything but an ensemble.
 * @example
 * await ensemble.save('indexeddb://clothes');
 * const loaded = await loadEnsemble('indexeddb://clothes');
 */
export async function loadEnsemble(handlerOrURL: tf.io.IOHandler | string): Promise<Ensemble> {
  const handler = typeof handlerOrURL === 'string' ? handlerOf(handlerOrURL) : handlerOrURL;
  if (typeof handler?.load !== 'function') {
    throw new ArgumentError(
      'handlerOrURL',
      `must be a URL or an IOHandler with a load function, but is ${show(handlerOrURL)}. Write 'file://folder/model.json' in Node, 'indexeddb://name' in a browser.`,
    );
  }
  const { members: all, averaging } = splitArtifacts(await handler.load());
  const members: LayersModel[] = [];
  try {
    for (const artifacts of all) members.push(await loadLayersModel(tf.io.fromMemory(artifacts)));
    return new Ensemble(members, { averaging });
  } catch (error) {
    for (const member of members) member.dispose();
    throw error;
  }
}

/** As `tf.loadLayersModel` chooses it. */
function handlerOf(url: string): tf.io.IOHandler {
  return ([tf.io.getLoadHandlers(url)].flat()[0] as tf.io.IOHandler | undefined) ?? tf.io.http(url);
}
