/**
 * Runs inside a mount namespace of its own, as root: the same commands by the packed command and by the single
 * executable, the latter where there is no Node, for a user with sudo. Prints as JSON what happened.
 */
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cover, differences, must, snapshot } from './covered.ts';
import { run } from './run.ts';

const [, , base = '', checkout = '', executable = ''] = process.argv;
const ADA = 4001;
const stores = ['/etc/ssl', '/usr/local/share/ca-certificates'];
const system = [
  '/etc',
  '/usr/local/share/ca-certificates',
  '/var/lib/ca-certificates-java',
  '/var/log',
];
cover(
  system.filter((it) => existsSync(it)),
  base,
);
chmodSync(base, 0o755);
must('useradd', ['-u', String(ADA), '-d', join(base, 'ada'), '-s', '/bin/sh', 'ada']);
writeFileSync('/etc/sudoers.d/ada', 'ada ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 });
cpSync(join(checkout, 'dist'), join(base, 'dist'), { recursive: true });
must('update-ca-certificates', []);

const steps: readonly (readonly string[])[] = [
  ['--version'],
  ['status'],
  ['--nonsense'],
  ['help', 'safety'],
  ['completion', 'man'],
  ['localhost', 'api.test'],
  ['localhost', 'api.test'],
  ['shop.corp.example.com'],
  ['inspect', '.devcert/cert.pem'],
  ['recipe', 'nginx'],
  ['install', '--stores', 'system'],
  ['status', '--stores', 'system'],
  ['run', '--', 'sh', '-c', 'test -s "$NODE_EXTRA_CA_CERTS" && exit 9'],
  ['check'],
  ['uninstall', '--purge'],
  ['status'],
];

const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
const before = snapshot(stores);
const report = {
  npm: await all([process.execPath, join(base, 'dist/bin/devcert.cjs')]),
  // Whatever Node there is becomes a file that nobody can run.
  executable: await all(
    [executable],
    [
      'unshare',
      '-m',
      'sh',
      '-c',
      'for node in $(which -a node); do mount --bind /dev/null "$(readlink -f "$node")"; done; exec "$@"',
      'sh',
    ],
  ),
};
process.stdout.write(JSON.stringify(report));

/** Every step by that program, for a user whose home is new. */
async function all(program: readonly string[], around: readonly string[] = []) {
  const home = join(base, `ada-${String(around.length)}`);
  const project = join(home, 'shop');
  mkdirSync(project, { recursive: true });
  for (const it of [home, project]) chownSync(it, ADA, ADA);
  const ids = ['--reuid', String(ADA), '--regid', String(ADA), '--clear-groups'];
  const start = (words: readonly string[]) => {
    const [file = '', ...args] = [...around, 'setpriv', ...ids, ...words];
    const PATH = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`;
    const env = { ...clean, PATH, HOME: home, NO_COLOR: '1', LC_ALL: 'C' };
    return run(file, args, { cwd: project, env });
  };
  const ended = [];
  for (const step of steps) {
    const { status, output } = await start([...program, ...step]);
    ended.push({ step: step.join(' '), status, output: output.replaceAll(home, 'HOME') });
  }
  return {
    ended,
    node: (await start(['sh', '-c', 'node --version'])).status,
    // Debian's hook writes Java's store anew; that our root is out of it is another test's matter.
    left: differences(before, snapshot(stores)).filter((it) => !it.endsWith('/java/cacerts')),
    home: (await run('find', [home, '-iname', '*devcert*', '-not', '-path', '*/.devcert*'])).output,
  };
}
