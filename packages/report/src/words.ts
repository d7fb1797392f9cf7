import type { Convergence, ConvergenceStatus } from '@crossreg/core';
import { kindOf, labelsOf, type ParameterKind } from './parameterKinds';
import type { Run } from './run';

/** What each status means. */
export const statusMeanings: Record<ConvergenceStatus, string> = {
  'no steps': 'No ρ step was taken.',
  skipped: 'Every ρ step met a loss or gradient that was not finite.',
  undetermined: 'Too few ρ steps to say.',
  converging: 'It still moves. A longer run may gain something.',
  converged: 'It has settled: the mean gradient is indistinguishable from zero.',
  oscillating: 'It jumps back and forth. The learning rate of ρ is too large.',
  'at bound': 'It lies at the edge of its range. For noise, that is the answer “as little as possible”.',
  diverged: 'It is not finite or has grown a million-fold.',
};

const number = (value: number) =>
  Number.isFinite(value) ? String(Number(value.toPrecision(3))) : String(value);
const count = (n: number, what: string) => `${n.toLocaleString('en')} ${what}${n === 1 ? '' : 's'}`;
const kindNames: Record<ParameterKind, string> = {
  noise: 'noise scale',
  augmentation: 'augmentation range',
  norm: 'weight norm',
};

/** What happened in a run, in a few sentences made from its numbers. */
export function summary({ record, status }: Run): string {
  const names = Object.keys(record.rho);
  const kinds = (Object.keys(kindNames) as ParameterKind[])
    .map((kind) => ({ kind, size: names.filter((name) => kindOf(name) === kind).length }))
    .filter(({ size }) => size > 0);
  const learned = kinds.map(({ kind, size }) => count(size, kindNames[kind])).join(', ');
  const sentences = [
    `Over ${count(record.step[record.step.length - 1], 'training step')} the run took ${count(record.step.length, 'ρ step')} and learned ${learned}.`,
  ];
  const losses = record.loss.filter(Number.isFinite);
  const block = Math.max(1, Math.floor(losses.length / 10));
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  if (losses.length > 1) {
    const [first, last] = [mean(losses.slice(0, block)), mean(losses.slice(-block))];
    const [from, to] = [first, last].map(number);
    const went = `${last < first ? 'fell' : 'rose'} from ${from} to ${to}`;
    sentences.push(`The regularization loss ${from === to ? `stayed at ${to}` : went}.`);
  }
  const noise = names
    .filter((name) => kindOf(name) === 'noise')
    .map((name) => ({ name, sigma: record.rho[name].value.at(-1) as number }))
    .sort((a, b) => b.sigma - a.sigma);
  if (noise.length > 1) {
    const [most, least] = [noise[0], noise[noise.length - 1]];
    sentences.push(
      `Noise is largest at ${most.name} (σ ${number(most.sigma)}) and smallest at ${least.name} (σ ${number(least.sigma)}).`,
    );
  }
  if (record.skipped > 0) sentences.push(`${count(record.skipped, 'ρ step')} had to be skipped.`);
  const moving = names.filter((name) => status[name]?.status === 'converging').length;
  if (moving > 0) sentences.push(`${moving} of ${count(names.length, 'parameter')} still moved at the end.`);
  return sentences.join(' ');
}

/** One table row per parameter: its first value, its last value, and its status. */
export function parameterRows({ record, status }: Run): string[][] {
  const labels = labelsOf(Object.keys(record.rho));
  return Object.entries(record.rho).map(([name, { value }]) => {
    const { status: word, gradient } = status[name];
    return [
      labels[name],
      kindNames[kindOf(name)],
      number(value[0]),
      number(value[value.length - 1]),
      word,
      gradientText(gradient),
    ];
  });
}

/** A single step has no standard error, and steps that were all skipped have no mean either. */
function gradientText({ mean, standardError }: Convergence['gradient']): string {
  if (!Number.isFinite(mean)) return '–';
  return Number.isFinite(standardError) ? `${number(mean)} ± ${number(standardError)}` : number(mean);
}
