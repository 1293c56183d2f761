// How fast the built command is, as ratios against `node -e 0` in the same run (medians), so that they
// mean the same on every machine. No assertion: read it.
//
//   npm run bench                          25 rounds of dist/
//   npm run bench -- 40 ../before/dist     40 rounds of dist/ and of another build, turn by turn
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const [rounds = '25', ...others] = process.argv.slice(2);
const dist = resolve(import.meta.dirname, '../../dist');
const folder = mkdtempSync(join(tmpdir(), 'devcert-bench-'));
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

/** A build with a project and a state of its own: what one writes, another need not read. */
function sandboxOf(build, name) {
  const cli = join(build, 'bin/devcert.cjs');
  if (!existsSync(cli)) throw new Error(`build first: there is no "${cli}"`);
  const home = join(folder, name);
  mkdirSync(home);
  return { build, cli, cwd: home, env: { HOME: home, DEVCERT_HOME: join(home, 'state') } };
}

function run(args, { cwd, env }) {
  const start = process.hrtime.bigint();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, env });
  const ms = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')}: ${stderr}`);
  return { ms, stdout: stdout.toString() };
}

/** The median of each case. Round by round, so that a slow moment of the machine falls on all of them. */
function medians(cases) {
  const times = cases.map(() => []);
  for (let round = 0; round < Number(rounds); round++)
    cases.forEach(({ args, fresh, ...where }, index) => {
      if (fresh) rmSync(join(where.cwd, '.devcert'), { recursive: true, force: true });
      times[index].push(run(args, where).ms);
    });
  return times.map(median);
}

const NAMES = ['localhost', 'api.test'];
const builds = [dist, ...others.map((path) => resolve(path))].map((build, index) =>
  sandboxOf(build, `build-${index}`),
);

// Variables such as NODE_EXTRA_CA_CERTS make every start of Node slower, `node -e 0` too: a developer has
// the first of these environments, a container the second.
const environments = { 'this environment': process.env, 'a bare one': { PATH: process.env.PATH } };
for (const [environment, base] of Object.entries(environments)) {
  console.log(`in ${environment}:`);
  const cases = [
    { name: 'node -e 0', args: ['-e', '0'], cwd: folder, env: base },
    ...builds.flatMap(({ cli, cwd, env: own }, index) => {
      const where = { cwd, env: { ...base, ...own } };
      run([cli, ...NAMES], where); // makes the authority
      const name = `devcert${index === 0 ? '' : ` of ${others[index - 1]}`}`;
      return [
        { name: `${name} --version`, args: [cli, '--version'], aim: 1.15, ...where },
        { name: `${name} NAMES (new)`, args: [cli, ...NAMES], fresh: true, aim: 2.2, ...where },
        { name: `${name} NAMES (valid pair)`, args: [cli, ...NAMES], aim: 1.7, ...where },
      ];
    }),
  ];
  const [base0, ...rest] = medians(cases);
  for (const [index, ms] of [base0, ...rest].entries()) {
    const { name, aim } = cases[index];
    const target = aim === undefined ? '' : ` (aim: ${aim})`;
    console.log(
      `${name.padEnd(42)} ${ms.toFixed(1).padStart(6)} ms  ${(ms / base0).toFixed(2)}${target}`,
    );
  }
}

const bare = (env) => ({ ...environments['a bare one'], ...env });
const probe = join(folder, 'probe.cjs');
writeFileSync(
  probe,
  `process.on('exit', () => require('fs').writeSync(1, '\\n' + process.resourceUsage().maxRSS));`,
);
/** Peak memory in KiB, the least of some runs: what is above that is the collector's mood. */
const peak = (args, { cwd, env }) =>
  Math.min(
    ...Array.from({ length: 5 }, () =>
      Number(
        run(['-r', probe, ...args], { cwd, env: bare(env) })
          .stdout.split('\n')
          .at(-1),
      ),
    ),
  );
const [own] = builds;
const idle = peak(['-e', '0'], own);
const issuing = peak([own.cli, ...NAMES, '--force'], own);
console.log(
  `peak memory of issuing: ${(issuing / 1024).toFixed(0)} MiB, ${(issuing / idle).toFixed(2)} of node -e 0`,
);

// Issuing for a user who has 10,000 certificates elsewhere, against one who has none.
const ENTRIES = 10_000;
const few = sandboxOf(dist, 'few');
const many = sandboxOf(dist, 'many');
for (const { cli, cwd, env } of [few, many]) run([cli, ...NAMES], { cwd, env: bare(env) });
fillLedger(many);
const [, one, full] = medians(
  [
    { args: ['-e', '0'], ...few },
    ...[few, many].map((it) => ({ ...it, args: [it.cli, ...NAMES] })),
  ].map((it) => ({ ...it, env: bare(it.env), fresh: true })),
);
const memory = [few, many].map((it) => peak([it.cli, ...NAMES, '--force'], it));
console.log(
  `with ${ENTRIES} entries in the ledger: ${(full / one).toFixed(2)} of the time and ${(memory[1] / memory[0]).toFixed(2)} of the memory with one (aim: 1.2)`,
);

/** As if the certificate that is there had been issued for so many other projects, and all were still there. */
function fillLedger({ cwd, env }) {
  const file = join(env.DEVCERT_HOME, 'ledger.jsonl');
  const [, line] = readFileSync(file, 'utf8').split('\n');
  const lines = Array.from({ length: ENTRIES }, (_, index) => {
    const project = join(cwd, `project-${index}`);
    mkdirSync(join(project, '.devcert'), { recursive: true });
    writeFileSync(join(project, '.devcert/cert.pem'), '');
    return `${line.replaceAll(JSON.stringify(cwd).slice(1, -1), JSON.stringify(project).slice(1, -1))}\n`;
  }).join('');
  const header = JSON.stringify({ version: 2, keptBytes: Buffer.byteLength(lines) });
  writeFileSync(file, `${header}\n${lines}`);
}

// Importing the library, in CPU time of the whole process: what Node takes for a file of ES modules is its own.
const [index, module_, empty] = ['index.cjs', 'import.mjs', 'empty.mjs'].map((it) =>
  join(folder, it),
);
writeFileSync(index, `require(${JSON.stringify(join(dist, 'index.cjs'))});`);
writeFileSync(module_, `import ${JSON.stringify(join(dist, 'index.mjs'))};`);
writeFileSync(empty, '');
const timer = join(folder, 'timer.cjs');
writeFileSync(
  timer,
  `process.on('exit', () => {
    const { user, system } = process.cpuUsage();
    require('fs').writeSync(1, '\\n' + (user + system));
  });`,
);
const starts = [['-e', '0'], [index], [empty], [module_]];
const used = starts.map(() => []);
for (let round = 0; round < Number(rounds); round++)
  starts.forEach((args, which) => {
    const { stdout } = run(['-r', timer, ...args], { cwd: folder, env: bare({}) });
    used[which].push(Number(stdout.split('\n').at(-1)));
  });
const [none, required, noModule, imported] = used.map(median);
console.log(
  `require() of the library: ${(required / none).toFixed(2)} of node -e 0 in CPU time (aim: 1.1); ` +
    `import: ${(imported / noModule).toFixed(2)} of an empty ES module, ${(imported / none).toFixed(2)} of node -e 0`,
);

process.env.DEVCERT_HOME = own.env.DEVCERT_HOME;
const { certificateFor } = await import(join(dist, 'index.mjs'));
const samples = [];
for (let i = 0; i < 300; i++) {
  const start = process.hrtime.bigint();
  await certificateFor(NAMES);
  samples.push(Number(process.hrtime.bigint() - start) / 1e6);
}
console.log(`in process, one P-256 certificate: ${median(samples).toFixed(2)} ms (aim: 1)`);
rmSync(folder, { recursive: true, force: true });
