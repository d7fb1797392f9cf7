import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import type { ClassWeight, ClassWeightMap, LayersModel } from '@tensorflow/tfjs-layers';

/** As `fit` takes them: for one output, a list, or by the name of the output. */
export type ClassWeights = ClassWeight | ClassWeight[] | ClassWeightMap;

/**
 * The weights of the classes of each output, by number; none for outputs without them.
 *
 * @throws ArgumentError for an output that does not exist, and for a class without a weight.
 */
export function classWeights(
  given: ClassWeights | undefined,
  model: LayersModel,
): (readonly number[] | undefined)[] {
  const { outputNames, outputs } = model;
  if (given === undefined || given === null) return outputNames.map(() => undefined);
  const list = byOutput(given, outputNames);
  return outputNames.map((name, i) => {
    const weights = list[i];
    if (weights === undefined || weights === null) return undefined;
    const { shape } = outputs[i];
    const units = shape[shape.length - 1] ?? 1;
    if (shape.length !== 2) {
      throw new ArgumentError(
        'classWeight',
        `is given for the output ${show(name)} of shape [${shape.map((n) => n ?? 'any')}], but fit supports it only where each example has one class. Leave it out for this output.`,
      );
    }
    return Array.from({ length: Math.max(2, units) }, (_, c) => {
      const weight = weights[c];
      if (typeof weight === 'number' && weight >= 0 && Number.isFinite(weight)) return weight;
      throw new ArgumentError(
        'classWeight',
        `must have a number of at least 0 for every class of the output ${show(name)}, but class ${c} has ${show(weight)}. Use 1 for a class that counts as it is.`,
      );
    });
  });
}

function byOutput(given: ClassWeights, names: readonly string[]): (ClassWeight | undefined)[] {
  if (Array.isArray(given)) {
    if (given.length === names.length) return given;
    throw new ArgumentError(
      'classWeight',
      `has ${given.length} entries, but the model has ${names.length} outputs. Give one for each.`,
    );
  }
  const named = Object.values(given).some((one) => typeof one === 'object');
  if (!named && names.length === 1) return [given as ClassWeight];
  const unknown = Object.keys(given).find((key) => !names.includes(key));
  if (named && unknown === undefined) return names.map((name) => (given as ClassWeightMap)[name]);
  throw new ArgumentError(
    'classWeight',
    `must be { class: weight } for each output by name, ${names.map(show).join(', ')}, but has ${Object.keys(given).map(show).join(', ')}. Give those names.`,
  );
}
