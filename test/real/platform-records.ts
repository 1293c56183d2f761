/** What the system's own tools answer, raw, to correct the doubles by. Fails nothing, changes nothing for long. */
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { join } from 'node:path';
import { run } from '../helpers/run.ts';

export interface Record {
  readonly argv: readonly string[];
  /** 124: stopped after the time limit. */
  readonly status: number;
  readonly output: string;
}

const LIMIT_MS = 40_000;

/** @param root PEM file of a root that no store holds. */
export async function recordTools(platform: NodeJS.Platform, folder: string, root: string) {
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
  const sudo = ['sudo', '-n', '--'];
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
