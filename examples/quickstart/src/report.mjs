import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { report } from '@crossreg/report';

/**
 * Writes a page of one run of all trainings: the headline, the figures, and what the last one, cross-regularized, learned.
 *
 * @returns the file's path.
 */
export async function writeReport({ results, labels }, headline) {
  const byName = (value) => Object.fromEntries(results.map((result) => [result.name, value(result)]));
  const { history, thetaSeconds, rhoSeconds } = results.at(-1);
  const page = await report(history, {
    title: 'The same network, plain and cross-regularized',
    description: headline,
    losses: byName(({ losses }) => losses),
    predictions: byName(({ test }) => ({ probabilities: test.probabilities, labels })),
    seconds: { training: thetaSeconds, rho: rhoSeconds },
  });
  const folder = fileURLToPath(new URL('../out/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}report.html`, page);
  return `${folder}report.html`;
}
