/**
 * One row of test/bench/comparison.mjs, as root in namespaces of mounts and processes of its own: a new user types what
 * a tool's documentation says, in a fresh project, and opens the link in a Chromium that has never run.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openChromium, type Page } from './chromium.ts';
import { cover, must } from './covered.ts';

interface Row {
  /** A project that was just made, with its packages. */
  readonly base: string;
  /** Folders of programs, before the system's. */
  readonly path: readonly string[];
  /** Debian's packages that a new machine does not have. */
  readonly without: readonly string[];
  /** True if a Chromium before 146 had run, and left its database of certificates. */
  readonly olderDatabase: boolean;
  /** Written by hand: the new text of a file, or what stands in it for what stood there. */
  readonly edits: readonly { file: string; instead?: string; text: string }[];
  /** The last one starts the server. */
  readonly commands: readonly string[];
  readonly source: string;
  readonly says: string;
}

/** What came of it. */
export interface Result {
  /** The first command that failed, and the end of what it said. */
  readonly failed?: string;
  readonly link?: string;
  /** The error page that is shown, `ERR_…`. */
  readonly error?: string;
  /** True if an edit is seen in the page; after an error page, once its warning is clicked away. */
  readonly reloads?: boolean;
}

const UID = 4242;
const HOME = '/home/ada';
const APP = join(HOME, 'app');
const [folder = '', , told = ''] = process.argv.slice(2);
const row = JSON.parse(told) as Row;

cover(['/etc', '/usr', '/var', '/root'], folder);
must('mount', ['-t', 'tmpfs', 'tmpfs', '/home']);
must('useradd', ['-m', '-u', String(UID), '-s', '/bin/bash', 'ada']);
writeFileSync('/etc/sudoers.d/ada', 'ada ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 });
if (row.olderDatabase) {
  const database = join(HOME, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  must('certutil', ['-N', '-d', `sql:${database}`, '--empty-password']);
}
if (row.without.length > 0) must('dpkg', ['--remove', '--force-depends', ...row.without]);
cpSync(row.base, APP, { recursive: true, verbatimSymlinks: true });
// A registry may be behind a proxy whose CA the system trusts; no other variable or setting of this machine's.
writeFileSync(
  join(HOME, '.npmrc'),
  `cafile=/etc/ssl/certs/ca-certificates.crt\nprefix=${HOME}/.npm-global\nfund=false\naudit=false\nupdate-notifier=false\n`,
);
const env = {
  ...{ HOME, USER: 'ada', LOGNAME: 'ada', SHELL: '/bin/bash', LANG: 'C.UTF-8', TERM: 'dumb' },
  PATH: [`${HOME}/.npm-global/bin`, ...row.path, '/usr/local/bin', '/usr/bin', '/bin'].join(':'),
  ...{ NEXT_TELEMETRY_DISABLED: '1', NUXT_TELEMETRY_DISABLED: '1', BROWSER: 'none' },
};
for (const { file, instead, text } of row.edits) edit(file, instead, text);
must('chown', ['-R', 'ada:ada', HOME]);

writeSync(1, JSON.stringify(await play()));
process.exit(); // the server runs on; it ends with the namespace

function edit(file: string, instead: string | undefined, text: string): void {
  const path = join(APP, file);
  mkdirSync(dirname(path), { recursive: true });
  const before = instead === undefined ? '' : readFileSync(path, 'utf8');
  if (!before.includes(instead ?? '')) throw new Error(`"${String(instead)}" is not in ${file}`);
  writeFileSync(path, before.replace(instead ?? '', text));
}

/** Words that have a terminal, as ada, in her project. */
function asAda(command: string): { file: string; args: string[] } {
  const user = ['--reuid', 'ada', '--regid', 'ada', '--init-groups'];
  return { file: 'setpriv', args: [...user, 'script', '-qefc', command, '/dev/null'] };
}

async function play(): Promise<Result> {
  const before = row.commands.slice(0, -1);
  for (const command of before) {
    const { file, args } = asAda(command);
    const ran = spawnSync(file, args, { cwd: APP, env, encoding: 'utf8', timeout: 240_000 });
    console.error(`$ ${command}\n${ran.stdout}`);
    if (ran.status !== 0) return { failed: failure(command, ran.stdout) };
  }
  const serve = row.commands.at(-1) ?? '';
  const { file, args } = asAda(serve);
  const server = spawn(file, args, { cwd: APP, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  server.stdout.on('data', (data: Buffer) => (output += data.toString()));
  const link = await linkOf(server, () => output);
  console.error(`$ ${serve}\n${output}`);
  return link === undefined ? { failed: failure(serve, output) } : { link, ...(await look(link)) };
}

/** Without what is for a terminal only, and its last lines that say something. */
function failure(command: string, output: string): string {
  const lines = plain(output).split(/[\r\n]+/);
  return `${command}: ${lines
    .filter((line) => /\w/.test(line))
    .slice(-4)
    .join(' | ')}`;
}

function plain(output: string): string {
  return output.replace(/\u001b\[[\d;?]*[A-Za-z]/g, '');
}

/** The link to click: HTTPS if one is, as it is printed, once its server listens. */
async function linkOf(server: ChildProcess, output: () => string): Promise<string | undefined> {
  const until = Date.now() + 120_000;
  while (Date.now() < until && server.exitCode === null) {
    const links = plain(output()).match(/https?:\/\/[\w.-]*localhost(?::\d+)?/g) ?? [];
    const secure = links.find((link) => link.startsWith('https:'));
    // A proxy prints its link among those of what is behind it.
    if (secure !== undefined && (await listens(secure))) return secure;
    await sleep(500);
  }
  return undefined;
}

function listens(link: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(link).port || 443), 'localhost', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => {
      resolve(false);
    });
  });
}

async function look(link: string): Promise<Pick<Result, 'error' | 'reloads'>> {
  const options = { env, cwd: HOME, uid: UID, gid: UID };
  const { page, end } = await openChromium(join(HOME, '.config/chromium'), options);
  try {
    const error = await page.open(link);
    if (error === undefined) return { reloads: await follows(page, link) };
    await page.clickThrough();
    const still = await page.open(link);
    return still === undefined ? { error, reloads: await follows(page, link) } : { error };
  } finally {
    const text = String(await page.value('document.body?.innerText'));
    console.error(`sockets: ${page.sockets.join(', ')}; the page: ${text.slice(0, 200)}`);
    await end();
  }
}

/** True if the page follows its source within five edits: those while it still starts may pass it by. */
async function follows(page: Page, link: string): Promise<boolean> {
  const shows = async (text: string, ms: number) => {
    const until = Date.now() + ms;
    while (Date.now() < until) {
      if (String(await page.value('document.body?.innerText')).includes(text)) return true;
      await sleep(200);
    }
    return false;
  };
  // A proxy listens before what is behind it: a person loads the page again.
  for (let tries = 1; !(await shows(row.says, 15_000)); tries++) {
    if (tries === 6) return false;
    await page.open(link);
  }
  const source = join(APP, row.source);
  const original = readFileSync(source, 'utf8');
  for (let index = 1; index <= 5; index++) {
    writeFileSync(source, original.replace(row.says, `Changed ${index}`));
    if (await shows(`Changed ${index}`, 8000)) return true;
  }
  return false;
}
