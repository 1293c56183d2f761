/**
 * Runs inside a mount namespace of its own (`unshare -m`), as root: users, one of whom may use sudo or doas,
 * and programs on their PATH that want to run as root. Prints as JSON what happened. Bundled by the test.
 */
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cover, differences, must, snapshot } from './covered.ts';
import { type Ended, run } from './run.ts';

const [, , base = '', checkout = ''] = process.argv;
const uids = { ada: 4001, bob: 4002, carol: 4003, dave: 4004, eve: 4005 };
type User = keyof typeof uids;

/** Every program that runs where it must not says so here, with the user it runs as. */
const stolen = join(base, 'stolen');
const shared = '/etc/ssl/certs/java/cacerts';
const STATE = '.config/devcert-nodejs';
const stores = ['/etc/ssl', '/usr/local/share/ca-certificates'];

function script(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
}

/** A Java whose keytool tells as whom it runs, then does what it should. */
function makeJdk(home: string, owner: number): void {
  mkdirSync(join(home, 'bin'), { recursive: true });
  mkdirSync(join(home, 'lib/security'), { recursive: true });
  const keytool = `echo "keytool $(id -u)" >> ${stolen}; exec /usr/bin/keytool "$@"`;
  script(join(home, 'bin/keytool'), keytool);
  script(join(home, 'bin/java'), 'exit 1');
  cpSync(shared, join(home, 'lib/security/cacerts'));
  must('chown', ['-R', `${owner}:${owner}`, home]);
}

function makeUser(name: User): string {
  const home = join(base, name);
  must('useradd', ['-u', String(uids[name]), '-d', home, '-s', '/bin/sh', name]);
  mkdirSync(home, { mode: 0o700 });
  chownSync(home, uids[name], uids[name]);
  return home;
}

/** Programs of the names that devcert runs as root, beside their user's and in the folder it starts in. */
function plantPrograms(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const names = [
    'sudo',
    'doas',
    'install',
    'tee',
    'rm',
    'update-ca-certificates',
    'find',
    'keytool',
  ];
  for (const name of names) script(join(folder, name), `echo "$0 $(id -u)" >> ${stolen}; exit 0`);
}

const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
const usual = '/usr/local/bin:/usr/bin:/bin';

/** Runs a program as the user, with nothing in its environment but this. */
function as(
  user: User | 'root',
  words: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Ended> {
  const uid = user === 'root' ? '0' : String(uids[user]);
  const options = ['--reuid', uid, '--regid', uid, '--clear-groups'];
  return run('setpriv', [...options, ...words], { env: { ...clean, PATH: usual, ...env }, cwd });
}

function devcert(user: User | 'root', args: readonly string[], env: Record<string, string> = {}) {
  const home = user === 'root' ? join(base, 'root') : join(base, user);
  const words = [process.execPath, join(base, 'dist/bin/devcert.cjs'), ...args];
  return as(user, words, { HOME: home, NO_COLOR: '1', ...env }, join(base, 'evil'));
}

interface Told {
  readonly outcomes: readonly {
    status: string;
    location: string;
    reason?: string;
    hint?: string;
  }[];
}

async function told(user: User | 'root', args: readonly string[], env = {}): Promise<Told> {
  const { output } = await devcert(user, [...args, '--json'], env);
  // The notes on standard error come behind the document.
  return JSON.parse(/^\{[^]*?^\}$/m.exec(output)?.[0] ?? output) as Told;
}

/** The same at a terminal, on which the password is typed as often as it is asked for. */
function atTerminal(user: User, args: readonly string[], password: string): Promise<Ended> {
  const script = join(base, 'terminal.exp');
  writeFileSync(
    script,
    `set timeout 50
spawn -noecho {*}$argv
expect {
  "password for" { send "${password}\\r"; exp_continue }
  timeout { exit 99 }
  eof {}
}
exit [lindex [wait] 3]
`,
  );
  const words = [process.execPath, join(base, 'dist/bin/devcert.cjs'), ...args];
  const env = { HOME: join(base, user), NO_COLOR: '1', LC_ALL: 'C' };
  return as(user, ['expect', '-f', script, ...words], env, '/');
}

/** The whole way there and back for a user whose home root may not enter. */
async function thereAndBack() {
  writeFileSync(stolen, '');
  chmodSync(stolen, 0o666);
  const own = join(base, 'ada/jdk');
  const env = { PATH: `.::${join(base, 'evil')}:${usual}`, JAVA_HOME: own };
  const before = snapshot(stores);
  const rootReads = (await run('cat', [join(base, 'ada/readable')])).status === 0;
  const installed = await devcert('ada', ['install', '--stores', 'system,java'], env);
  const status = await devcert('ada', ['status', '--stores', 'system,java'], env);
  const removed = await devcert('ada', ['uninstall', '--purge'], env);
  const left = differences(before, snapshot(stores)).filter((path) => path !== shared);
  return { rootReads, installed, status, removed, left, ran: readFileSync(stolen, 'utf8') };
}

cover(['/etc', '/opt', '/usr/local', '/usr/lib/jvm', '/var/lib', '/var/log', '/var/spool'], base);
cpSync(join(checkout, 'dist'), join(base, 'dist'), { recursive: true });
must('update-ca-certificates', []);
// Of another program, for root alone.
must('install', ['-d', '-m', '0700', '/usr/local/share/ca-certificates/closed']);
for (const name of ['ada', 'bob', 'carol', 'dave', 'eve', 'root'] as const)
  if (name === 'root') mkdirSync(join(base, name), { mode: 0o700 });
  else makeUser(name);
plantPrograms(join(base, 'evil'));
chmodSync(join(base, 'evil'), 0o777);
const sudoers =
  'ada,carol ALL=(ALL) NOPASSWD: ALL\ndave ALL=(ALL) /bin/true\nDefaults:dave !authenticate\neve ALL=(ALL) ALL\nDefaults:eve passwd_tries=1\n';
writeFileSync('/etc/sudoers.d/devcert', sudoers, { mode: 0o440 });
must('sh', ['-c', 'echo eve:secret | chpasswd']);
must('hostname', ['nobody-knows-me']);
writeFileSync('/etc/doas.conf', 'permit nopass ada\n', { mode: 0o400 });

// A file system of ada's own, which denies root, as NFS and gocryptfs do.
const fuse = join(base, 'devices');
mkdirSync(fuse);
must('mount', ['-t', 'tmpfs', '-o', 'dev', 'tmpfs', fuse]);
must('mknod', ['-m', '666', join(fuse, 'fuse'), 'c', '10', '229']);
must('mount', ['--bind', join(fuse, 'fuse'), '/dev/fuse']);
const behind = join(base, 'behind');
mkdirSync(behind, { mode: 0o700 });
writeFileSync(join(behind, 'readable'), '');
makeJdk(join(behind, 'jdk'), uids.ada);
must('chown', ['-R', String(uids.ada), behind]);
const mounted = await as('ada', ['bindfs', '--no-allow-other', behind, join(base, 'ada')], {}, '/');

const report: Record<string, unknown> = { mounted };
try {
  report.sudo = await thereAndBack();

  // Who may not use sudo gets a command, which an administrator types in a shell, elsewhere.
  const refused = await told('bob', ['install', '--stores', 'system']);
  const typed = /^as an administrator: (.*)$/.exec(refused.outcomes[0]?.hint ?? '')?.[1] ?? 'false';
  report.handedOver = {
    refused,
    typed: await as('carol', ['dash', '-c', typed], { HOME: join(base, 'carol') }, '/'),
    status: (await devcert('bob', ['status', '--stores', 'system'])).status,
  };
  const kept = await told('bob', ['uninstall']);
  const back = kept.outcomes.flatMap(
    ({ hint }) => / ?as an administrator: (.*)$/.exec(hint ?? '')?.[1] ?? [],
  );
  for (const line of back) await as('carol', ['dash', '-c', line], {}, '/');
  report.takenBack = (await told('bob', ['uninstall'])).outcomes.map(({ status }) => status);

  // One who may use sudo for something else, on a machine whose name nobody knows.
  report.forbidden = await told('dave', ['install', '--stores', 'system,java']);
  script('/usr/local/sbin/update-ca-certificates', 'echo "the disk is full" >&2; exit 1');
  report.failing = await told('ada', ['install', '--stores', 'system']);
  must('rm', ['/usr/local/sbin/update-ca-certificates']);
  must('update-ca-certificates', []);

  // An administrator put the root into a file with another certificate.
  const team = '/usr/local/share/ca-certificates/team.crt';
  const other = readFileSync('/etc/ssl/certs/ISRG_Root_X1.pem', 'utf8');
  await devcert('ada', ['install', '--stores', 'system']);
  writeFileSync(
    team,
    other + (await as('ada', ['cat', join(base, 'ada', STATE, 'root.pem')], {}, '/')).output,
  );
  must('update-ca-certificates', []);
  report.mixed = {
    ...(await told('ada', ['uninstall', '--stores', 'system,java'])),
    keepsOthers: readFileSync(team, 'utf8') === other,
  };
  must('rm', [team]);
  must('update-ca-certificates', ['--fresh']);

  // One who is asked for a password, at a terminal: the right one, and a wrong one.
  report.asked = {
    right: await atTerminal('eve', ['install', '--stores', 'system'], 'secret'),
    status: (await devcert('eve', ['status', '--stores', 'system'])).status,
    removed: await atTerminal('eve', ['uninstall', '--stores', 'system,java'], 'secret'),
    wrong: await atTerminal('eve', ['install', '--stores', 'system,java'], 'wrong'),
  };

  // A Java that belongs to another user, for one who may use sudo, and for root.
  writeFileSync(stolen, '');
  makeJdk('/opt/jdk-carol', uids.carol);
  const location = '/opt/jdk-carol/lib/security/cacerts';
  const inStore = ({ outcomes }: Told) => outcomes.find((it) => it.location === location);
  report.anotherUsers = {
    ada: inStore(await told('ada', ['install', '--stores', 'java'])),
    root: inStore(await told('root', ['install', '--stores', 'java'])),
    ran: readFileSync(stolen, 'utf8'),
  };
  for (const user of ['ada', 'root'] as const) await devcert(user, ['uninstall']);
  must('rm', ['-r', '/opt/jdk-carol']);

  must('mount', ['--bind', '/dev/null', '/usr/bin/sudo']);
  report.doas = await thereAndBack();
} finally {
  await run('umount', ['-l', join(base, 'ada')]);
}
process.stdout.write(JSON.stringify(report));
