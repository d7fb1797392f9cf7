/** A row of a file with a header: texts by column. */
export type Row = Readonly<Record<string, string>>;

export interface TablePart {
  readonly count: number;
  /** [count, columns] in rows. */
  readonly x: Float32Array;
  /** [count, 1], or [count, classes] with a 1 for the class of the row. */
  readonly y: Float32Array;
}
export interface Table {
  /** Names of the inputs. */
  readonly columns: readonly string[];
  /** Names of the classes. Empty in regression. */
  readonly classes: readonly string[];
  /** Rows with missing values. */
  readonly leftOut: number;
  readonly train: TablePart;
  readonly heldOut: TablePart;
  readonly test: TablePart;
}
export function numericColumns(rows: readonly Row[], columns: readonly string[]): string[];
export function looksLikeClasses(rows: readonly Row[], column: string): boolean;
/** @throws Error - with a readable message about the problem of the table. */
export function prepareTable(
  rows: readonly Row[],
  options: { columns: readonly string[]; target: string; classify: boolean; seed: number },
): Table;
