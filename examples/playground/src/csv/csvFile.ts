import type { CsvSettings } from '../settings';
import { looksLikeClasses, numericColumns, prepareTable, type Row, type Table } from './table.js';

export interface CsvFile {
  readonly name: string;
  /** Names of the columns in their order in the file. The keys of a row begin with those that are integers, such as years. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}

/** Further rows are ignored, because the page trains small networks. */
export const MOST_ROWS = 20_000;

/** Reads a file with a header. It stays in this browser. */
export async function readCsv(file: File): Promise<CsvFile> {
  const { default: Papa } = await import('papaparse');
  return new Promise((resolve, reject) => {
    Papa.parse<Record<string, string>>(file, {
      header: true,
      skipEmptyLines: 'greedy',
      preview: MOST_ROWS,
      complete: ({ data, meta }) => {
        // A column without a name has the numbers of the rows, or nothing, after a comma too many.
        const columns = (meta.fields ?? []).filter((name) => name.trim() !== '');
        if (columns.length < 2 || data.length === 0)
          reject(new Error(`${file.name} has no table. It needs a line of column names, and rows below it.`));
        else resolve({ name: file.name, columns, rows: data });
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
  return { name: 'diabetes', columns: [...featureNames, targetName], rows };
}

/** The target to predict, from the file and the settings. */
export function targetOf({ columns, rows }: CsvFile, { target, predicts }: CsvSettings) {
  const column = columns.includes(target) ? target : columns.at(-1)!;
  const numeric = numericColumns(rows, columns).includes(column);
  const classify = predicts === 'auto' ? looksLikeClasses(rows, column) : predicts === 'class' || !numeric;
  return { target: column, classify };
}

/** @throws Error - with a readable message, if nothing can be learned from the file. */
export function tableOf(file: CsvFile, settings: CsvSettings): Table {
  const { target, classify } = targetOf(file, settings);
  return prepareTable(file.rows, { columns: file.columns, target, classify, seed: settings.seed });
}
