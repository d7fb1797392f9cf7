import { ArgumentError } from './argumentError';
import { checkOptions } from './options';

/**
 * The split of all parameters into θ (trained on training data) and ρ (trained on the regularization set), held to
 * what makes it one: *disjoint* (no parameter learns from both sets, or the convergence guarantee is lost,
 * method.md §1) and, against `all` where it is given, *complete* (no parameter is forgotten).
 *
 * Parameters are compared by identity.
 *
 * @throws ArgumentError if a parameter stands in both groups, twice in one, in neither, or if a group is empty.
 */
export function checkPartition<P>(groups: { theta: readonly P[]; rho: readonly P[]; all?: readonly P[] }): {
  theta: readonly P[];
  rho: readonly P[];
} {
  checkOptions('checkPartition', groups, { theta: 1, rho: 1, all: 1 });
  const { theta, rho, all } = groups;
  const seen = new Map<P, string>();
  for (const [group, members] of [
    ['theta', theta],
    ['rho', rho],
  ] as const) {
    if (members.length === 0) {
      throw new ArgumentError(group, 'is empty. Both groups need at least one parameter.');
    }
    members.forEach((member, i) => {
      const name = `${group}[${i}]`;
      const earlier = seen.get(member);
      if (earlier !== undefined) {
        throw new ArgumentError(
          group,
          `${name} is also ${earlier}. A parameter learns from one set only: leave it in one group.`,
        );
      }
      seen.set(member, name);
    });
  }
  all?.forEach((member, i) => {
    if (!seen.has(member)) {
      throw new ArgumentError('all', `all[${i}] is neither in theta nor in rho. Add it to one.`);
    }
  });
  return { theta, rho };
}
