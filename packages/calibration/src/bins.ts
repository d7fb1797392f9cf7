import { checkInteger, checkOneOf } from '../../../common/argumentError';

/** How confidences are binned. */
export interface BinOptions {
  /** Number of bins. Default 15. */
  bins?: number;
  /**
   * `'uniform'` (default): bins of equal width, (k/bins, (k+1)/bins], the first one closed, as the code of Guo et al. 2017
   * has it. `'quantile'`: bins of equal count, to the nearest example; equal confidences stay together, so there can be fewer bins.
   */
  strategy?: 'uniform' | 'quantile';
}

/** The examples of one bin. */
export interface Bin {
  /** Smallest and largest confidence that belongs here: the edges for `'uniform'`, the extremes for `'quantile'`. */
  lower: number;
  upper: number;
  /** Examples in the bin, at least one. */
  count: number;
  /** Their mean confidence. */
  confidence: number;
  /** The share of them that came true. */
  accuracy: number;
}

/** The non-empty bins, by rising confidence. `hits[i]` is 1 if what was predicted with `confidences[i]` came true. */
export function binConfidences(confidences: Float64Array, hits: Uint8Array, options: BinOptions = {}): Bin[] {
  const { bins = 15, strategy = 'uniform' } = options;
  checkInteger('bins', bins, 1, 'Use 15.');
  checkOneOf('strategy', strategy, ['uniform', 'quantile'], 'Leave it out for the default.');
  return strategy === 'uniform' ? equalWidth(confidences, hits, bins) : equalMass(confidences, hits, bins);
}

function equalWidth(confidences: Float64Array, hits: Uint8Array, bins: number): Bin[] {
  const sums = Array.from({ length: bins }, (_, b) => ({ bin: b, count: 0, confidence: 0, hits: 0 }));
  confidences.forEach((confidence, i) => {
    const sum = sums[binOf(confidence, bins)];
    sum.count++;
    sum.confidence += confidence;
    sum.hits += hits[i];
  });
  return sums
    .filter(({ count }) => count > 0)
    .map(({ bin, count, confidence, hits }) => ({
      lower: bin / bins,
      upper: (bin + 1) / bins,
      count,
      confidence: confidence / count,
      accuracy: hits / count,
    }));
}

/**
 * The bin (lo, hi] of a confidence. Edges are k / bins to the last bit: confidence · bins would put 0.58 and 0.07 on
 * different sides of theirs, as 57.99… and 7.00…1 hundredths. A float32 confidence on an edge counts as on it.
 */
function binOf(confidence: number, bins: number): number {
  const above = (edge: number) => confidence > edge && confidence !== Math.fround(edge);
  let bin = Math.max(0, Math.min(bins - 1, Math.ceil(confidence * bins) - 1));
  while (bin > 0 && !above(bin / bins)) bin--;
  while (bin < bins - 1 && above((bin + 1) / bins)) bin++;
  return bin;
}

function equalMass(confidences: Float64Array, hits: Uint8Array, bins: number): Bin[] {
  const n = confidences.length;
  const order = Uint32Array.from({ length: n }, (_, i) => i).sort((a, b) => confidences[a] - confidences[b]);
  const curve: Bin[] = [];
  for (let b = 1, start = 0; b <= bins; b++) {
    let end = Math.max(start, Math.round((b * n) / bins));
    while (end > start && end < n && confidences[order[end]] === confidences[order[end - 1]]) end++;
    if (end === start) continue;
    const members = order.subarray(start, end);
    curve.push({
      lower: confidences[members[0]],
      upper: confidences[members[members.length - 1]],
      count: members.length,
      confidence: members.reduce((sum, i) => sum + confidences[i], 0) / members.length,
      accuracy: members.reduce((sum, i) => sum + hits[i], 0) / members.length,
    });
    start = end;
  }
  return curve;
}
