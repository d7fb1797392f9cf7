// Writes data/diabetes and data/digits from the copies that scikit-learn distributes.
//
//   pip download --no-deps scikit-learn==1.9.1 && unzip -d wheel scikit_learn-1.9.1-*.whl
//   node packages/datasets/scripts/embed-scikit-learn.mjs wheel
//
// The diabetes data come out in their published form: a tab-separated table in original units, ten baseline
// variables and the response Y, one patient a line. The digits are copied byte for byte: one image a line, 64
// pixels from 0 to 16 and the digit.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const [wheel] = process.argv.slice(2);
if (!wheel) {
  console.error('usage: node embed-scikit-learn.mjs FOLDER_OF_THE_UNPACKED_WHEEL');
  process.exit(2);
}
const source = (name) => join(wheel, 'sklearn', 'datasets', 'data', name);
const target = (name) => fileURLToPath(new URL(`../data/${name}`, import.meta.url));
const lines = (name) =>
  gunzipSync(readFileSync(source(name)))
    .toString('utf8')
    .trim()
    .split(/\r?\n/);

mkdirSync(target('diabetes'), { recursive: true });
const targets = lines('diabetes_target.csv.gz').map((line) => String(Number(line)));
const rows = lines('diabetes_data_raw.csv.gz').map((line, i) => [...line.split(' '), targets[i]]);
const header = ['AGE', 'SEX', 'BMI', 'BP', 'S1', 'S2', 'S3', 'S4', 'S5', 'S6', 'Y'];
writeFileSync(
  target('diabetes/diabetes.tab.txt'),
  `${[header, ...rows].map((row) => row.join('\t')).join('\n')}\n`,
);

mkdirSync(target('digits'), { recursive: true });
copyFileSync(source('digits.csv.gz'), target('digits/digits.csv.gz'));
console.log(`diabetes: ${rows.length} patients; digits: ${lines('digits.csv.gz').length} images`);
