// Before a release: what the owner alone can fill in is there, and the changelog knows the version.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const manifest = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const changelog = readFileSync(`${root}/.github/CHANGELOG.md`, 'utf8');
const problems = ['repository', 'bugs', 'homepage']
  .filter((field) => manifest[field] === undefined)
  .map((field) => `package.json has no "${field}"`);
if (!changelog.includes(`\n## ${manifest.version}`))
  problems.push(`.github/CHANGELOG.md has no section "## ${manifest.version}"`);
for (const problem of problems) console.error(`cannot release: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
