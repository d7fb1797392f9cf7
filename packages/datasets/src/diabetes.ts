import { checkOptions } from '../../../common/checkOptions';
import type { TabularDataset } from './dataset';
import { diabetesFile } from './embedded';
import { readEmbeddedFile } from './embeddedFile';

/** What {@link diabetes} takes. */
export interface DiabetesOptions {
  /**
   * Center every feature and divide it by the root of its sum of squares, so that each column has mean 0 and length
   * 1, as in the paper. The response stays as it is. Default false: original units.
   */
  scaled?: boolean;
}

/**
 * The diabetes data: age, sex, body mass index, blood pressure and six blood serum measurements of 442 patients,
 * and how far the disease had progressed a year later (25–346).
 *
 * Source: B. Efron, T. Hastie, I. Johnstone, R. Tibshirani, *Least Angle Regression*, Annals of Statistics 32
 * (2004), 407–499.
 * @example
 * ```ts
 * const { features, targets, shape } = await diabetes({ scaled: true });
 * ```
 */
export async function diabetes(options: DiabetesOptions = {}): Promise<TabularDataset> {
  checkOptions('diabetes', options, { scaled: 1 });
  const text = new TextDecoder().decode(await readEmbeddedFile(diabetesFile()));
  const [header, ...rows] = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split('\t'));
  const columns = header.length - 1;
  const features = Float64Array.from(rows.flatMap((row) => row.slice(0, columns).map(Number)));
  const targets = Float64Array.from(rows, (row) => Number(row[columns]));
  if (options.scaled) for (let j = 0; j < columns; j++) scaleColumn(features, j, columns);
  return {
    features,
    targets,
    shape: [rows.length, columns],
    featureNames: header.slice(0, columns).map((name) => name.toLowerCase()),
    targetName: 'progression',
  };
}

function scaleColumn(values: Float64Array, column: number, columns: number): void {
  const rows = values.length / columns;
  let mean = 0;
  for (let i = column; i < values.length; i += columns) mean += values[i] / rows;
  let squares = 0;
  for (let i = column; i < values.length; i += columns) squares += (values[i] - mean) ** 2;
  const length = Math.sqrt(squares);
  for (let i = column; i < values.length; i += columns) values[i] = (values[i] - mean) / length;
}
