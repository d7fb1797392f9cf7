import type { RegularizationRecord } from '@crossreg/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Logs } from '@tensorflow/tfjs-layers';

/**
 * Ends training if its loss is not finite: every weight may already be NaN.
 *
 * @param from - ρ steps before the epoch.
 * @throws Error
 */
export async function checkLoss(
  epoch: number,
  logs: Logs | undefined,
  { step, loss }: RegularizationRecord,
  from: number,
): Promise<void> {
  const given = logs?.loss as number | Tensor | undefined;
  if (given === undefined) return;
  const value = typeof given === 'number' ? given : (await given.data())[0];
  if (Number.isFinite(value)) return;
  const first = step.find((_, i) => i >= from && !Number.isFinite(loss[i]));
  throw new Error(
    `loss: is ${value} in epoch ${epoch} (counted from 0), so weights may be NaN too` +
      `${first === undefined ? '' : `; the regularization loss was not finite after training step ${first}`}. Check the training ` +
      'data for NaN and infinities, try a smaller learning rate, and continue from earlier weights. A checkpoint has the ' +
      'weights of the previous epoch.',
  );
}
