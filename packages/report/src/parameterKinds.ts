/** What a regularization parameter is: the σ of a noise layer, a range of augmentation, or the level of a norm. */
export type ParameterKind = 'noise' | 'augmentation' | 'norm';

const ranges = new Set(
  'translate translateX translateY rotate shear scale brightness contrast saturation noise'.split(' '),
);
const last = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/**
 * The kind of a parameter, recognized by its name in the history: `tfjs-augment` names ranges `layer/rotate`, and `tfjs-layers`
 * names levels `layer/l2` and noise by its layer alone.
 */
export function kindOf(name: string): ParameterKind {
  if (!name.includes('/') && !/^(l1|l2|groupLasso|smoothness)$/.test(name)) return 'noise';
  return ranges.has(last(name)) ? 'augmentation' : 'norm';
}

/** The name of a parameter in a legend: for a range, its kind. */
export const shortName = (name: string, kind: ParameterKind) => (kind === 'augmentation' ? last(name) : name);
