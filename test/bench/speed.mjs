// How fast the built command is, as ratios against `node -e 0` in the same run (medians), so that they
// mean the same on every machine. No assertion: read it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const cli = resolve(import.meta.dirname, '../../dist/bin/devcert.cjs');
if (!existsSync(cli)) throw new Error('build first: npm run build');
const folder = mkdtempSync(join(tmpdir(), 'devcert-bench-'));
const own = { HOME: folder, DEVCERT_HOME: join(folder, 'state') };
// Variables such as NODE_EXTRA_CA_CERTS make every start of Node slower, `node -e 0` too: a developer has
// the first of these environments, a container the second.
const environments = {
  'this environment': { ...process.env, ...own },
  'a bare one': { PATH: process.env.PATH, ...own },
};
const rounds = Number(process.argv[2] ?? 25);

function run(args, env) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: folder, env });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return ms;
}

const cases = [
  { name: 'node -e 0', args: ['-e', '0'] },
  { name: 'devcert --version', args: [cli, '--version'], aim: 1.3 },
  {
    name: 'devcert localhost api.test (new)',
    args: [cli, 'localhost', 'api.test'],
    aim: 1.5,
    fresh: true,
  },
  {
    name: 'devcert localhost api.test (valid pair)',
    args: [cli, 'localhost', 'api.test'],
    aim: 1.4,
  },
];
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
for (const [environment, env] of Object.entries(environments)) {
  console.log(`in ${environment}:`);
  run(cases[2].args, env); // makes the authority
  const times = cases.map(() => []);
  // Round by round, so that a slow moment of the machine falls on all of them.
  for (let round = 0; round < rounds; round++)
    cases.forEach(({ args, fresh }, index) => {
      if (fresh) rmSync(join(folder, '.devcert'), { recursive: true });
      times[index].push(run(args, env));
    });
  const medians = times.map(median);
  cases.forEach(({ name, aim }, index) => {
    const ratio = (medians[index] / medians[0]).toFixed(2);
    const target = aim === undefined ? '' : ` (aim: ${aim})`;
    console.log(
      `${name.padEnd(42)} ${medians[index].toFixed(1).padStart(6)} ms  ${ratio}${target}`,
    );
  });
}

const peak = (args) => {
  const probe = `process.on('exit',()=>{require('fs').writeSync(1,'\\n'+process.resourceUsage().maxRSS)})`;
  const { stdout } = spawnSync(process.execPath, ['-r', join(folder, 'probe.cjs'), ...args], {
    cwd: folder,
    env: environments['a bare one'],
  });
  return { probe, kilobytes: Number(stdout.toString().trim().split('\n').at(-1)) };
};
writeFileSync(join(folder, 'probe.cjs'), peak([]).probe);
const base = peak(['-e', '0']).kilobytes;
const issue = peak([cli, 'localhost', 'api.test', '--force']).kilobytes;
console.log(
  `peak memory of issuing: ${(issue / 1024).toFixed(0)} MiB, ${(issue / base).toFixed(2)} of node -e 0`,
);

const library = resolve(import.meta.dirname, '../../dist/index.mjs');
process.env.DEVCERT_HOME = own.DEVCERT_HOME;
const { certificateFor } = await import(library);
const samples = [];
for (let i = 0; i < 300; i++) {
  const start = process.hrtime.bigint();
  await certificateFor(['localhost', 'api.test']);
  samples.push(Number(process.hrtime.bigint() - start) / 1e6);
}
console.log(`in process, one P-256 certificate: ${median(samples).toFixed(2)} ms (aim: 1)`);
rmSync(folder, { recursive: true, force: true });
