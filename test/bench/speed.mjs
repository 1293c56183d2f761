// How fast the built command is, as ratios against `node -e 0` in the same run (medians), so that they
// mean the same on every machine. No assertion: read it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const cli = resolve(import.meta.dirname, '../../dist/bin/devcert.cjs');
if (!existsSync(cli)) throw new Error('build first: npm run build');
const folder = mkdtempSync(join(tmpdir(), 'devcert-bench-'));
const env = { PATH: process.env.PATH, HOME: folder, DEVCERT_HOME: join(folder, 'state') };
const rounds = Number(process.argv[2] ?? 31);

function run(args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, env });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return ms;
}

const cases = {
  'node -e 0': ['-e', '0'],
  'devcert --version': [cli, '--version'],
  'devcert localhost api.test (new)': [cli, 'localhost', 'api.test', '--force'],
  'devcert localhost api.test (valid pair)': [cli, 'localhost', 'api.test'],
};
const targets = { 1: 1.3, 2: 1.5, 3: 1.4 };
run(cases['devcert localhost api.test (new)']); // makes the authority
const times = Object.values(cases).map(() => []);
// Round by round, so that a slow moment of the machine falls on all of them.
for (let round = 0; round < rounds; round++)
  Object.values(cases).forEach((args, index) => times[index].push(run(args)));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const medians = times.map(median);
Object.keys(cases).forEach((name, index) => {
  const ratio = (medians[index] / medians[0]).toFixed(2);
  const target = targets[index] === undefined ? '' : ` (aim: ${targets[index]})`;
  console.log(`${name.padEnd(42)} ${medians[index].toFixed(1).padStart(6)} ms  ${ratio}${target}`);
});

const peak = (args) => {
  const probe = `process.on('exit',()=>{require('fs').writeSync(1,'\\n'+process.resourceUsage().maxRSS)})`;
  const { stdout } = spawnSync(process.execPath, ['-r', join(folder, 'probe.cjs'), ...args], {
    cwd: folder,
    env,
  });
  return { probe, kilobytes: Number(stdout.toString().trim().split('\n').at(-1)) };
};
const { writeFileSync } = await import('node:fs');
writeFileSync(join(folder, 'probe.cjs'), peak([]).probe);
const base = peak(['-e', '0']).kilobytes;
const issue = peak([cli, 'localhost', 'api.test', '--force']).kilobytes;
console.log(
  `peak memory of issuing: ${(issue / 1024).toFixed(0)} MiB, ${(issue / base).toFixed(2)} of node -e 0`,
);

const library = resolve(import.meta.dirname, '../../dist/index.js');
process.env.DEVCERT_HOME = env.DEVCERT_HOME;
const { certificateFor } = await import(library);
if (certificateFor !== undefined) {
  const samples = [];
  for (let i = 0; i < 300; i++) {
    const start = process.hrtime.bigint();
    await certificateFor(['localhost', 'api.test']);
    samples.push(Number(process.hrtime.bigint() - start) / 1e6);
  }
  console.log(`in process, one P-256 certificate: ${median(samples).toFixed(2)} ms (aim: 1)`);
}
rmSync(folder, { recursive: true, force: true });
