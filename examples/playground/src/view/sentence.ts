import type { Progress } from '../messages';

/** If losses differ by less than this share of the larger one, the sentence says "about the same". */
const CLOSE = 0.03;
const whole = new Intl.NumberFormat('en');

/**
 * One or two sentences about the run so far, made from the numbers.
 *
 * @param unseen - the test set, such as "500 unseen points".
 */
export function sentence({ step, losses }: Pick<Progress, 'step' | 'losses'>, unseen: string): string {
  const [plain, cross] = [losses.plain.test, losses.cross.test];
  if (step === 0)
    return `Not trained yet: on ${unseen} the loss of both networks is that of their random start.`;
  const numbers =
    `After ${whole.format(step)} ${step === 1 ? 'step' : 'steps'}, on ${unseen}, the plain network’s loss is ${plain.toFixed(2)}, ` +
    `the cross-regularized one’s ${cross.toFixed(2)}`;
  if (!Number.isFinite(plain) || !Number.isFinite(cross)) return `${numbers}: a loss is not finite.`;
  const difference = (plain - cross) / Math.max(plain, cross);
  if (Math.abs(difference) < CLOSE) return `${numbers}: about the same so far.`;
  const percent = Math.round(100 * Math.abs(difference));
  return difference > 0
    ? `${numbers}: ${percent}% lower.`
    : `${numbers}: here the plain one is ${percent}% lower.`;
}
