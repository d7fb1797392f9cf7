// Writes the repository into every package's manifest: npm needs it for provenance and for the links of a README. Only the
// workflow that publishes knows it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const { GITHUB_SERVER_URL = 'https://github.com', GITHUB_REPOSITORY } = process.env;
if (!GITHUB_REPOSITORY) {
  console.error('GITHUB_REPOSITORY is not set. It names the repository to publish from, as owner/name.');
  process.exit(2);
}
for (const name of readdirSync('packages')) {
  const file = join('packages', name, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  const url = `git+${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}.git`;
  const repository = { type: 'git', url, directory: `packages/${name}` };
  writeFileSync(file, `${JSON.stringify({ ...manifest, repository }, null, 2)}\n`);
}
