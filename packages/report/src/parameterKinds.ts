/** What a regularization parameter is: the σ of a noise layer, a range of augmentation, or the level of a norm. */
export type ParameterKind = 'noise' | 'augmentation' | 'norm';

const units: Record<string, string> = {
  ...{ translate: 'pixels', translateX: 'pixels', translateY: 'pixels', rotate: 'degrees' },
  ...{ shear: '', scale: '', brightness: '', contrast: '', saturation: '', noise: '' },
};
const last = (name: string) => name.slice(name.lastIndexOf('/') + 1);

/**
 * The kind of a parameter, told by its name in the history: `tfjs-augment` names ranges `layer/rotate`, and `tfjs-layers`
 * names levels `layer/l2` and noise by its layer alone.
 */
export function kindOf(name: string): ParameterKind {
  if (!name.includes('/') && !/^(l1|l2|groupLasso|smoothness)$/.test(name)) return 'noise';
  return last(name) in units ? 'augmentation' : 'norm';
}

/** A parameter's name as a legend has it: of a range, what it ranges over. */
export const shortName = (name: string, kind: ParameterKind) => (kind === 'augmentation' ? last(name) : name);

/** The unit of a parameter's value, empty where it has none. */
export const unitOf = (name: string, kind: ParameterKind) =>
  kind === 'augmentation' ? (units[last(name)] ?? '') : '';
