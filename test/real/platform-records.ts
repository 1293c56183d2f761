/**
 * What the system's own tools answer, raw, to correct the doubles by. Fails nothing, changes nothing for long,
 * leaves nothing running. Run by CI as `node test/real/platform-records.ts RECORDS-FOLDER`, whatever became of
 * the proof.
 */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAuthority } from '../../src/authority/create.ts';
import { run } from '../helpers/run.ts';

export interface Record {
  readonly argv: readonly string[];
  /** 124: stopped after the time limit. */
  readonly status: number;
  readonly output: string;
}

const LIMIT_MS = 40_000;
/** What runs as root cannot be stopped by who started it: it has an alarm of its own. */
const ROOT_LIMIT_S = 20;

/** Writes `tools.json` into a folder. */
export async function writeRecords(records: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-records-'));
  try {
    const root = join(folder, 'root.pem');
    writeFileSync(root, (await createAuthority('records@devcert', undefined, new Date())).root);
    mkdirSync(records, { recursive: true });
    const found = await recordTools(process.platform, folder, root);
    writeFileSync(join(records, 'tools.json'), JSON.stringify(found, null, 2));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param root PEM file of a root that no store holds. */
async function recordTools(platform: NodeJS.Platform, folder: string, root: string) {
  const records: Record[] = [];
  for (const argv of commandsOf(platform, folder, root)) {
    const [file = '', ...args] = argv;
    records.push({ argv, ...(await run(file, args, { timeoutMs: LIMIT_MS })) });
  }
  return { platform, release: release(), node: process.version, records };
}

function commandsOf(platform: NodeJS.Platform, folder: string, root: string): string[][] {
  if (platform === 'darwin') return macosCommands(folder, root);
  if (platform === 'win32') return windowsCommands(folder, root);
  return [['openssl', 'version']];
}

function macosCommands(folder: string, root: string): string[][] {
  const S = '/usr/bin/security';
  const system = '/Library/Keychains/System.keychain';
  const login = join(homedir(), 'Library/Keychains/login.keychain-db');
  const { sha1, name } = identityOf(root);
  const alarm = ['/usr/bin/perl', '-e', 'alarm shift; exec @ARGV', String(ROOT_LIMIT_S)];
  const sudo = ['sudo', '-n', '--', ...alarm];
  const settings = ['-r', 'trustRoot', '-p', 'ssl', '-p', 'basic'];
  const find = [S, 'find-certificate', '-a', '-c', name, '-Z'];
  return [
    ['sw_vers'],
    ['csrutil', 'status'],
    ['launchctl', 'managername'],
    [S, 'list-keychains'],
    [...find, login],
    [...find, '/nowhere.keychain'],
    [S, 'find-certificate', '-c', name, login],
    [S, 'remove-trusted-cert', root],
    [S, 'delete-certificate', '-Z', sha1, login],
    [S, 'trust-settings-export', join(folder, 'user.plist')],
    [S, 'trust-settings-export', '-d', join(folder, 'admin.plist')],
    [S, 'verify-cert', '-c', root, '-p', 'ssl', '-n', 'localhost', '-L', '-q'],
    [S, 'add-trusted-cert', '-x'],
    // The dialog of the user's domain, with nobody at it: refused at once, or a hang?
    [S, 'add-trusted-cert', ...settings, '-k', login, root],
    [...find, login],
    [S, 'remove-trusted-cert', root],
    [S, 'delete-certificate', '-Z', sha1, login],
    [...sudo, S, 'add-trusted-cert', '-d', ...settings, '-k', system, root],
    [...sudo, S, 'add-trusted-cert', '-d', ...settings, '-k', system, root],
    [...find, system],
    [S, 'trust-settings-export', '-d', join(folder, 'admin.plist')],
    ['plutil', '-p', join(folder, 'admin.plist')],
    [S, 'verify-cert', '-c', root, '-p', 'ssl', '-n', 'localhost', '-L', '-q'],
    [...sudo, S, 'remove-trusted-cert', '-d', root],
    [...sudo, S, 'remove-trusted-cert', '-d', root],
    [...sudo, S, 'delete-certificate', '-Z', sha1, system],
    [...sudo, S, 'delete-certificate', '-Z', sha1, system],
  ];
}

function windowsCommands(folder: string, root: string): string[][] {
  const T = join(process.env.SystemRoot ?? 'C:\\Windows', 'System32\\certutil.exe');
  const { sha1, der } = identityOf(root);
  const file = join(folder, 'root.cer');
  writeFileSync(file, der);
  return [
    [join(process.env.SystemRoot ?? 'C:\\Windows', 'System32\\cmd.exe'), '/d', '/c', 'ver'],
    [T, '-user', '-store', 'Root', sha1],
    [T, '-user', '-delstore', 'Root', sha1],
    [T, '-store', 'Root', sha1],
    [T, '-delstore', 'Root', sha1],
    [T, '-addstore', 'NoSuchStore', file],
    [T, '-f', '-addstore', 'Root', join(folder, 'missing.cer')],
    [T, '-f', '-addstore', 'Root', file],
    [T, '-f', '-addstore', 'Root', file],
    [T, '-store', 'Root', sha1],
    [T, '-user', '-store', 'Root', sha1],
    [T, '-verifystore', 'Root', sha1],
    [T, '-delstore', 'Root', sha1],
    [T, '-store', 'Root', sha1],
    // The dialog of the user's store, with nobody at it: refused at once, or a hang?
    [T, '-user', '-f', '-addstore', 'Root', file],
    [T, '-user', '-store', 'Root', sha1],
    [T, '-user', '-delstore', 'Root', sha1],
  ];
}

function identityOf(root: string): { sha1: string; name: string; der: Buffer } {
  const certificate = new X509Certificate(readFileSync(root));
  return {
    sha1: certificate.fingerprint.replaceAll(':', ''),
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    der: certificate.raw,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.platform !== 'linux' && (process.env.DEVCERT_REAL_STORES ?? '') !== '1')
    throw new Error('this changes the trust of the whole machine: set DEVCERT_REAL_STORES=1');
  await writeRecords(process.argv[2] ?? 'records');
}
