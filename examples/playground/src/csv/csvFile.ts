import type { CsvSettings } from '../settings';
import { looksLikeClasses, numericColumns, prepareTable, type Row, type Table } from './table.js';

export interface CsvFile {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** Further rows are ignored, because the page trains small networks. */
const MOST_ROWS = 20_000;

/** Reads a file with a header. It stays in this browser. */
export async function readCsv(file: File): Promise<CsvFile> {
  const { default: Papa } = await import('papaparse');
  return new Promise((resolve, reject) => {
    Papa.parse<Record<string, string>>(file, {
      header: true,
      skipEmptyLines: 'greedy',
      preview: MOST_ROWS,
      complete: ({ data, meta }) => {
        if (!meta.fields || meta.fields.length < 2 || data.length === 0)
          reject(new Error(`${file.name} has no table. It needs a line of column names, and rows below it.`));
        // Cells after the last column name belong to no column.
        else resolve({ name: file.name, rows: data.map(({ __parsed_extra, ...row }) => row) });
      },
      error: reject,
    });
  });
}

/** The initial data of the tab: 442 patients and the progress of their diabetes. */
export async function sampleCsv(): Promise<CsvFile> {
  const { diabetes } = await import('@crossreg/datasets');
  const { features, featureNames, targets, targetName } = await diabetes();
  const rows = Array.from(targets, (target, i) => ({
    ...Object.fromEntries(
      featureNames.map((name, j) => [name, String(features[i * featureNames.length + j])]),
    ),
    [targetName]: String(target),
  }));
  return { name: 'diabetes', rows };
}

/** The target to predict, from the file and the settings. */
export function targetOf({ rows }: CsvFile, { target, predicts }: CsvSettings) {
  const columns = Object.keys(rows[0]);
  const column = columns.includes(target) ? target : columns.at(-1)!;
  const numeric = numericColumns(rows).includes(column);
  const classify = predicts === 'auto' ? looksLikeClasses(rows, column) : predicts === 'class' || !numeric;
  return { columns, target: column, classify };
}

/** @throws Error - with a readable message, if nothing can be learned from the file. */
export function tableOf(file: CsvFile, settings: CsvSettings): Table {
  const { target, classify } = targetOf(file, settings);
  return prepareTable(file.rows, { target, classify, seed: settings.seed });
}
