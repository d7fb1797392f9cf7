import { ArgumentError, Array64, float64 as fw } from '@crossreg/core';
import { type Table, toTable } from './table';

/** XWᵀ + intercepts, row-major: n numbers, or n × targets. */
export function predictLinear(x: Table, coefficients: Float64Array, intercepts: Float64Array): Float64Array {
  const table = toTable('X', x);
  const targets = intercepts.length;
  const columns = coefficients.length / targets;
  if (table.shape[1] !== columns) {
    throw new ArgumentError(
      'X',
      `has ${table.shape[1]} columns, but the model was fitted to ${columns}. Give the same columns.`,
    );
  }
  const transposed = coefficients.map(
    (_, i) => coefficients[(i % targets) * columns + Math.floor(i / targets)],
  );
  const product = fw.matMul(table, new Array64(transposed, [columns, targets]));
  return fw.add(product, fw.array(intercepts)).data;
}
