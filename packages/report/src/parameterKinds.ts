/** What a regularization parameter is: the σ of a noise layer, a range of augmentation, or the level of a norm. */
export type ParameterKind = 'noise' | 'augmentation' | 'norm';

const ranges = new Set(
  'translate translateX translateY rotate shear scale brightness contrast saturation noise'.split(' '),
);
const norms = new Set(['l1', 'l2', 'groupLasso', 'smoothness']);
const last = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/**
 * The kind of a parameter, recognized by its name in the history: `tfjs-augment` names ranges `layer/rotate`, and `tfjs-layers`
 * names levels `layer/l2`, or `l2` if there is one for the model, and noise by its layer alone. Layers of models from Keras may
 * have names such as `conv1/relu`, whose noise is `conv1/relu_noise`.
 */
export function kindOf(name: string): ParameterKind {
  const own = last(name);
  if (norms.has(own)) return 'norm';
  if (!name.includes('/')) return 'noise';
  if (ranges.has(own)) return 'augmentation';
  return own.includes('noise') ? 'noise' : 'norm';
}

/** The names of parameters in a legend or table: of a range its kind, unless several layers have a range of that kind. */
export function labelsOf(names: readonly string[]): Record<string, string> {
  const augmented = names.filter((name) => kindOf(name) === 'augmentation');
  const isAlone = (name: string) =>
    augmented.includes(name) && augmented.filter((other) => last(other) === last(name)).length === 1;
  return Object.fromEntries(names.map((name) => [name, isAlone(name) ? last(name) : name]));
}
