import { ArgumentError } from '../../../common/argumentError';

/**
 * Checks that θ (trained on training data) and ρ (trained on the regularization set) are disjoint. If a parameter learned
 * from both sets, the convergence guarantee would be lost (method.md §1). Parameters are compared by identity.
 *
 * @throws ArgumentError if a parameter is in both groups, or twice in one, or if a group is empty.
 */
export function checkDisjoint(groups: { theta: readonly unknown[]; rho: readonly unknown[] }): void {
  const seen = new Map<unknown, string>();
  for (const [group, members] of Object.entries(groups)) {
    if (members.length === 0) {
      throw new ArgumentError(group, 'is empty. Both groups need at least one parameter.');
    }
    members.forEach((member, i) => {
      const [name, earlier] = [`${group}[${i}]`, seen.get(member)];
      if (earlier !== undefined) {
        const advice = 'A parameter learns from one set only: list it once.';
        throw new ArgumentError(group, `${name} is also ${earlier}. ${advice}`);
      }
      seen.set(member, name);
    });
  }
}
