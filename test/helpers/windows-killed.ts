/**
 * Runs on Windows: `node windows-killed.cjs CLI` ends first runs of the command (TerminateProcess) as
 * soon as a certain path has appeared, and then runs it to its end.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';

const [cli = ''] = process.argv.slice(2);

async function killAt(path: RegExp, index: number) {
  const folder = `moment-${index}`;
  const base = `C:\\killed\\${folder}`;
  const cwd = `${base}\\project`;
  mkdirSync(cwd, { recursive: true });
  // In the user's profile: elsewhere PowerShell is asked for the owner, and wine's answers nothing.
  const own = { USERPROFILE: base, DEVCERT_HOME: `${base}\\state` };
  const options = { cwd, env: { ...process.env, ...own } };
  const args = [cli, 'shop.test'];
  const child = spawn(process.execPath, args, { ...options, stdio: 'ignore' });
  const end = new Promise((resolve) => child.on('exit', resolve));
  const seen = new Set<string>();
  let killed = false;
  // Through the event loop, so that the end of the child is seen, too.
  while (child.exitCode === null && !killed) {
    for (const name of list(base)) seen.add(name.replace(/\.\d+-[^.]+\.devcert-tmp$/, '.tmp'));
    if ([...seen].some((name) => path.test(name))) killed = child.kill('SIGKILL');
    await new Promise((resolve) => setImmediate(resolve));
  }
  await end;
  const next = spawnSync(process.execPath, args, { ...options, encoding: 'utf8' });
  const { status, stderr, stdout } = next;
  const issued = stdout.startsWith('Issued');
  return { folder, killed, seen: [...seen].sort(), issued, next: { status, stderr } };
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' });
  } catch {
    return []; // a folder went away while it was read
  }
}

const PATHS = [
  /^state\\lock$/,
  /^state\\staging/,
  /^state\\issuer/,
  /^state\\root\.pem$/,
  /\\\.devcert$/,
  /\\\.devcert\\.+/,
  /\\cert\.pem$/,
  /^state\\ledger\.jsonl$/,
];

async function all() {
  const moments = [];
  for (const [index, path] of PATHS.entries()) moments.push(await killAt(path, index));
  console.log(JSON.stringify(moments));
}
void all();
