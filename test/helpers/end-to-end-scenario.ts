/**
 * Runs inside a mount namespace of its own (`unshare -m`), as root, in a home that is fresh: what README
 * tells a new user to type, with every client there is before and after, and prints as JSON what
 * happened. Bundled by the test.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openInChromium, openInFirefox } from './browsers.ts';
import { cover, differences, must, snapshot } from './covered.ts';
import { untilListens } from './ports.ts';
import { run } from './run.ts';

const [, , base = '', checkout = ''] = process.argv;
const PAGE = 'hello';
const PORT = 8443; // the one in README's example
const system = ['/etc/ssl', '/usr/local/share/ca-certificates'];
cover(
  [...system, '/var/lib/dpkg', '/var/lib/ca-certificates-java', '/var/log'].filter((folder) =>
    existsSync(folder),
  ),
  base,
);

const home = join(base, 'home');
const project = join(home, 'shop');
mkdirSync(project, { recursive: true });
const env = { PATH: process.env.PATH ?? '', HOME: home, NO_COLOR: '1', LC_ALL: 'C' };
const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
const url = `https://localhost:${PORT}/`;

function devcert(...args: string[]) {
  const cli = join(checkout, 'dist/bin/devcert.cjs');
  return run(process.execPath, [cli, ...args], { cwd: project, env: { ...clean, ...env } });
}

/** Which clients open the page. */
async function clients(): Promise<Record<string, boolean>> {
  const opens = async (
    file: string,
    args: readonly string[],
    extra: Record<string, string> = {},
  ) => {
    const { status, output } = await run(file, args, { env: { ...clean, ...env, ...extra } });
    return status === 0 && output.includes(PAGE);
  };
  const fetchPage = `fetch('${url}').then((r) => r.text()).then(console.log)`;
  const python = `import urllib.request;print(urllib.request.urlopen('${url}').read())`;
  const java = join(checkout, 'test/helpers/TlsClient.java');
  const javaRan = await run('java', [java, 'default', `localhost:${PORT}`], {
    env: { ...clean, ...env },
  });
  const gnutls = await run('gnutls-cli', ['-p', String(PORT), 'localhost'], {
    env: { ...clean, ...env },
  });
  const ca = join(project, '.devcert/ca.pem');
  return {
    curl: await opens('curl', ['-sS', url]),
    wget: await opens('wget', ['-qO-', url]),
    python: await opens('python3', ['-c', python]),
    'gnutls-cli': gnutls.status === 0,
    java: javaRan.output.includes(' ok'),
    'node, on its own': await opens(process.execPath, ['-e', fetchPage]),
    'node with NODE_EXTRA_CA_CERTS': await opens(process.execPath, ['-e', fetchPage], {
      NODE_EXTRA_CA_CERTS: ca,
    }),
    chromium: (await openInChromium(url, { home })).ok,
    firefox: (await openInFirefox(url, { home })).ok,
  };
}

const report: Record<string, unknown> = {};
// A profile made by a first start, as users have one; Chromium has made no database yet.
report.firefoxStarts = (await openInFirefox('about:blank', { home })).ok;
// What others left half-done is done now, so that what differs afterwards is ours.
must('update-ca-certificates', []);
const before = snapshot(system);
report.issue = await devcert('localhost', 'api.test');
const example = /```js\n([^]*?)```/.exec(readFileSync(join(checkout, 'README.md'), 'utf8'))?.[1];
writeFileSync(join(project, 'server.mjs'), example ?? '');
const server = spawn(process.execPath, ['server.mjs'], { cwd: project, stdio: 'ignore' });
try {
  await untilListens(PORT, server);
  report.clientsBefore = await clients();
  report.dryRun = await devcert('install', '--dry-run');
  report.unchangedByDryRun = differences(before, snapshot(system));
  report.install = await devcert('install');
  report.status = await devcert('status', '--json');
  report.clientsAfter = await clients();
  report.again = await devcert('install', '--json');
  report.uninstall = await devcert('uninstall', '--purge');
  report.statusAfter = (await devcert('status')).status;
  report.clientsAfterUninstall = await clients();
  report.differences = differences(before, snapshot(system));
  rmSync(join(project, '.devcert'), { recursive: true, force: true });
  // Chromium makes a database of its own at its first start; what was in it is another test's matter.
  report.homeEntries = (await run('find', [home, '-iname', '*devcert*'])).output.trim();
} finally {
  server.kill();
}
process.stdout.write(JSON.stringify(report));
