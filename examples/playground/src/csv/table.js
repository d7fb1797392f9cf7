import { randomNumbers, shuffled } from '../shared/random.js';

/** The share of rows that no network learns from, and the share of the others that is held out. */
const UNSEEN = 0.25;
const HELD_OUT = 0.3;

/** Text as a number, or NaN if it is not a number. */
const numeric = (text) => {
  const trimmed = String(text ?? '').trim();
  return trimmed === '' ? Number.NaN : Number(trimmed);
};

/** Those of the columns in which all entries that are not empty are numbers. */
export function numericColumns(rows, columns) {
  const said = (column) => rows.filter((row) => String(row[column] ?? '').trim() !== '');
  return columns.filter((column) => {
    const some = said(column);
    return some.length > 0 && some.every((row) => Number.isFinite(numeric(row[column])));
  });
}

/** Whether a column is better treated as classes than as numbers: words, or at most ten different integers. */
export function looksLikeClasses(rows, column) {
  const values = new Set(rows.map((row) => String(row[column] ?? '').trim()).filter((text) => text !== ''));
  return (
    [...values].some((text) => !Number.isFinite(Number(text))) ||
    (values.size <= 10 && [...values].every((text) => Number.isInteger(Number(text))))
  );
}

/**
 * Turns rows of texts by column into numbers to learn from. The split is random; in classification, random within each class.
 * Inputs, and in regression the target, are standardized on the training rows. Rows with missing values are left out.
 */
export function prepareTable(rows, { columns: named, target, classify, seed }) {
  const columns = numericColumns(rows, named).filter((column) => column !== target);
  if (columns.length === 0) throw new Error('No column of numbers is left to predict from.');
  const complete = rows.filter(
    (row) =>
      columns.every((column) => Number.isFinite(numeric(row[column]))) &&
      (classify ? String(row[target] ?? '').trim() !== '' : Number.isFinite(numeric(row[target]))),
  );
  if (complete.length < 40)
    throw new Error(`Only ${complete.length} rows are complete, but at least 40 are needed.`);

  const labelOf = (row) => String(row[target]).trim();
  const classes = classify ? [...new Set(complete.map(labelOf))].sort() : [];
  if (classify && (classes.length < 2 || classes.length > 20))
    throw new Error(
      `"${target}" has ${classes.length} different values, but a target of classes must have 2 to 20.`,
    );

  const random = randomNumbers(seed);
  const parts = { train: [], heldOut: [], test: [] };
  const groups = classify
    ? classes.map((name) => complete.filter((row) => labelOf(row) === name))
    : [complete];
  groups.forEach((group, i) => {
    if (group.length < 5)
      throw new Error(`"${classes[i]}" is in only ${group.length} rows, but every class needs at least 5.`);
    const order = shuffled(group.length, random).map((at) => group[at]);
    const unseen = Math.round(UNSEEN * group.length);
    const held = Math.max(1, Math.round(HELD_OUT * (group.length - unseen)));
    parts.test.push(...order.slice(0, unseen));
    parts.heldOut.push(...order.slice(unseen, unseen + held));
    parts.train.push(...order.slice(unseen + held));
  });

  const scaled = (column) => {
    const values = parts.train.map((row) => numeric(row[column]));
    // It carries no information. The mean is rounded, so that its deviation need not be 0.
    if (values.every((value) => value === values[0])) return () => 0;
    const mean = values.reduce((sum, value) => sum + value / values.length, 0);
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0);
    return (row) => (numeric(row[column]) - mean) / Math.sqrt(variance);
  };
  const inputs = columns.map(scaled);
  const outputs = classify
    ? classes.map((name) => (row) => (labelOf(row) === name ? 1 : 0))
    : [scaled(target)];
  const numbers = (part) => ({
    count: part.length,
    x: Float32Array.from(part.flatMap((row) => inputs.map((value) => value(row)))),
    y: Float32Array.from(part.flatMap((row) => outputs.map((value) => value(row)))),
  });
  return {
    columns,
    classes,
    leftOut: rows.length - complete.length,
    train: numbers(parts.train),
    heldOut: numbers(parts.heldOut),
    test: numbers(parts.test),
  };
}
