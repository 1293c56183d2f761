/**
 * devcert on a real Windows Node over wine's crypt32, WinHTTP and WinINet. Wine is not Windows: what it
 * says of name constraints is recorded here and claimed nowhere.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Drive } from '../doubles/icacls.mjs';
import { readAuthority } from '../../src/authority/authority.ts';
import { type Forgery, forgeLeaf, purpose } from '../helpers/forge.ts';
import { needsTools } from '../helpers/require.ts';

import { untilWineReads, wineCanRead } from '../helpers/wine-signatures.ts';
import { startWindows, type Windows } from '../helpers/wine.ts';

const ready = needsTools('wine', 'wineserver', 'x86_64-w64-mingw32-gcc');

describe.runIf(ready)('devcert on Windows Node under wine', () => {
  const CLI = 'C:\\npm\\node_modules\\devcert-local\\dist\\bin\\devcert.cjs';
  const STATE = 'users/*/AppData/Local/devcert-nodejs/Data';
  let windows: Windows;
  let project: string;
  let state: string;

  beforeAll(() => {
    windows = startWindows();
    const checkout = resolve(import.meta.dirname, '../..');
    const packed = mkdtempSync(join(tmpdir(), 'devcert-pack-'));
    const pack = ['pack', '--ignore-scripts', '--silent', '--pack-destination', packed];
    const tgz = execFileSync('npm', pack, { cwd: checkout, encoding: 'utf8' }).trim();
    const npm = execFileSync('npm', ['root', '-g'], { encoding: 'utf8' }).trim();
    const installed = windows.node([
      `Z:${join(npm, 'npm/bin/npm-cli.js').replaceAll('/', '\\')}`,
      ...['install', '-g', '--prefix', 'C:\\npm', '--offline', '--no-audit', '--no-fund'],
      `Z:${join(packed, tgz).replaceAll('/', '\\')}`,
    ]);
    rmSync(packed, { recursive: true, force: true });
    if (installed.status !== 0) throw new Error(installed.stdout + installed.stderr);
    project = join(windows.drive, 'Zoë Müller', 'my shop');
    mkdirSync(project, { recursive: true });
    const user = execFileSync('sh', ['-c', 'ls -d users/*/AppData/Local'], {
      cwd: windows.drive,
      encoding: 'utf8',
    });
    state = join(windows.drive, user.trim().split('\n')[0] ?? STATE, 'devcert-nodejs/Data');
  });

  afterAll(() => {
    (windows as Windows | undefined)?.close();
  });

  const devcert = (...args: string[]) => windows.node([CLI, ...args], { cwd: project });
  const atTerminal = (...args: string[]) =>
    windows.node([CLI, ...args], { cwd: project, terminal: true });
  const part = (name: string) => readFileSync(join(state, name), 'utf8');
  const turn = (knob: string, on: boolean) => {
    const file = join(windows.system32, knob);
    if (on) writeFileSync(file, '');
    else rmSync(file, { force: true });
  };

  test('in CI it makes the authority, opens no dialog and names what to do', async () => {
    await untilWineReads((attempt) => {
      if (attempt > 0) rmSync(state, { recursive: true });
      const ran = windows.node([CLI, 'install', '--stores', 'system'], { cwd: project, ci: true });
      expect(ran.status).toBe(1);
      expect(ran.stdout).toContain('nobody can answer it');
      expect(ran.stdout).toContain('devcert install --machine');
      expect(existsSync(join(state, 'issuer-key.pem'))).toBe(true);
      return part('root.pem') + part('issuer.pem');
    });
  });

  test('without a terminal, as in Git Bash or an npm script, the dialog is opened', () => {
    const ran = devcert('install', '--stores', 'system');
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stderr).toMatch(/Windows asks in a dialog.*choose Yes/);
    expect(devcert('uninstall', '--stores', 'system')).toMatchObject({ status: 0 });
    expect(devcert('status', '--stores', 'system').status).toBe(4);
  });

  test('folders are closed by icacls; a key that was restored open is closed again, and said', () => {
    const lists = join(windows.drive, 'icacls.json');
    const drive = () => new Drive(JSON.parse(readFileSync(lists, 'utf8')) as unknown[]);
    const home = `C:\\${relative(windows.drive, state).replaceAll('/', '\\')}`;
    const key = `${home}\\issuer-key.pem`;
    expect(drive().sddl(home)).toMatch(
      /^D:PAI\(A;OICI;FA;;;S-1-5-21-[0-9-]+\)\(A;OICI;FA;;;SY\)\(A;OICI;FA;;;BA\)$/,
    );
    const opened = drive();
    opened.add(key, ['S-1-1-0']);
    writeFileSync(lists, JSON.stringify(opened));
    const ran = windows.node([CLI, 'install', '--stores', 'system'], { cwd: project, ci: true });
    expect(ran.stderr).toContain(`"${key}" was open to everybody on this machine; it is closed`);
    expect(drive().sddl(key)).not.toContain('WD');
  });

  test('a folder of the user’s own is left as it is, with a note when a key goes into it', () => {
    mkdirSync(join(project, 'mine'));
    const ran = devcert('localhost', '--out', 'mine');
    expect(ran.status).toBe(0);
    expect(ran.stderr).toMatch(/my shop\\mine" is open to other users.*a key is in it: icacls "C:/);
    const made = devcert('localhost', '--out', 'ours');
    expect(made.status).toBe(0);
    expect(made.stderr).not.toContain('open to other users');
  });

  test('issues into a path with spaces and other letters', async () => {
    await untilWineReads((attempt) => {
      const again = attempt > 0 ? ['--force'] : [];
      expect(devcert('localhost', 'api.test', ...again)).toMatchObject({ status: 0 });
      return readFileSync(join(project, '.devcert/cert.pem'), 'utf8');
    });
    for (const file of ['cert.pem', 'key.pem', 'ca.pem', '.gitignore'])
      expect(existsSync(join(project, '.devcert', file))).toBe(true);
    expect(devcert('localhost', 'api.test').stdout).toContain('is there already');
  });

  test('a dialog answered with No is exit code 7', () => {
    turn('dialog-no', true);
    const ran = atTerminal('install', '--stores', 'system');
    turn('dialog-no', false);
    expect(ran).toMatchObject({ status: 7 });
    expect(ran.stderr).toMatch(/Windows asks in a dialog.*choose Yes/);
    expect(devcert('status', '--stores', 'system').status).toBe(4);
  });

  test('a tool that says 0 and does nothing is a failure', () => {
    turn('lies', true);
    const ran = atTerminal('install', '--stores', 'system', '--json');
    turn('lies', false);
    expect(ran).toMatchObject({ status: 1 });
    expect(ran.stdout).toContain('nothing changed');
  });

  test('not elevated: the machine’s store is refused', () => {
    turn('not-elevated', true);
    const ran = devcert('install', '--stores', 'system', '--machine');
    turn('not-elevated', false);
    expect(ran).toMatchObject({ status: 1 });
    expect(ran.stdout).toContain('Run as administrator');
  });

  test('WinHTTP, WinINet and Node refuse before, open after, refuse after removal', async () => {
    // A process of its own: this one waits for Windows' programs.
    const script = `const s = require('https').createServer({
      cert: require('fs').readFileSync('cert.pem'), key: require('fs').readFileSync('key.pem'),
    }, (q, r) => r.end('hello')).listen(0, '127.0.0.1', () => console.log(s.address().port))`;
    const child = spawn(process.execPath, ['-e', script], { cwd: join(project, '.devcert') });
    const port = await new Promise<string>((resolve) =>
      child.stdout.once('data', (data: Buffer) => {
        resolve(data.toString().trim());
      }),
    );
    try {
      const before = clients(port);
      expect(before).toEqual({ winhttp: 'refused', wininet: 'refused', node: 'refused' });
      expect(atTerminal('install', '--stores', 'system')).toMatchObject({ status: 0 });
      expect(devcert('status', '--stores', 'system')).toMatchObject({ status: 0 });
      expect(clients(port)).toEqual({ winhttp: '200', wininet: '200', node: '200' });
      expect(atTerminal('uninstall', '--stores', 'system')).toMatchObject({ status: 0 });
      expect(clients(port)).toEqual(before);
      expect(devcert('status', '--stores', 'system').status).toBe(4);
    } finally {
      child.kill();
    }
  });

  test('what wine’s crypt32 says of leaves forged with the issuer’s key', async () => {
    expect(atTerminal('install', '--stores', 'system')).toMatchObject({ status: 0 });
    const authority = readAuthority(
      { root: part('root.pem'), issuer: part('issuer.pem'), issuerKey: part('issuer-key.pem') },
      state,
    );
    const forge = async (forgery: Forgery) =>
      (await untilWineReads(async () => (await forgeLeaf(authority, forgery)).certPem)) +
      authority.rootPem;
    const localhost = { names: [{ type: 'dns', value: 'localhost' }] } as const;
    const forged = {
      inside: await forge(localhost),
      name: await forge({ names: [{ type: 'dns', value: 'bank.example.com' }] }),
      address: await forge({ names: [{ type: 'ip', value: '8.8.8.8' }] }),
      code: await forge({ ...localhost, purpose: purpose('1.3.6.1.5.5.7.3.3') }),
      short:
        (await shortSignature(async () => (await forgeLeaf(authority, localhost)).certPem)) +
        authority.rootPem,
    };
    const verdicts = Object.entries(forged).map(([name, chainPem]) => {
      writeFileSync(join(windows.drive, 'chain.pem'), chainPem);
      const usage = name === 'code' ? 'code' : 'server';
      const args = ['C:\\https-client.exe', 'chain', 'C:\\chain.pem', usage];
      return [name, windows.wine(args).stdout.trim()];
    });
    expect(Object.fromEntries(verdicts)).toEqual(RECORDED);
  });

  test('PFXImportCertStore opens key stores with their password, and with no other', () => {
    writeFileSync(join(project, 'password'), 'Changeit-7\n');
    const password = ['--password-file', 'password'];
    const p12 = (folder: string, name: string) => `C:\\Zoë Müller\\my shop\\${folder}\\${name}`;
    for (const key of ['rsa2048', 'p256']) {
      const args = ['localhost', '--key', key, '--out', key, '--format', 'p12', ...password];
      expect(devcert(...args)).toMatchObject({ status: 0 });
      const legacy = ['--dir', key, '--format', 'p12', '--legacy', '--file', `${key}/old.p12`];
      expect(devcert('export', ...legacy, ...password)).toMatchObject({ status: 0 });
    }
    const imported = (folder: string, name: string, word: string) =>
      windows.wine(['C:\\pfx-import.exe', p12(folder, name), word]).stdout.trim();
    for (const name of ['keystore.p12', 'old.p12']) {
      // Leaf and issuer, and the leaf's key.
      expect(imported('rsa2048', name, 'Changeit-7')).toBe('imported 2 1');
      for (const wrong of ['changeit-7', 'Changeit-8', ''])
        expect(imported('rsa2048', name, wrong)).toBe('refused 0x0');
      // Not a promise: wine 8 reads both by GnuTLS and takes RSA keys only, Windows takes these, too.
      expect(imported('p256', name, 'Changeit-7')).toBe('refused 0x0');
    }
  });

  test('names the policy in the registry that has Firefox ignore the roots of Windows', () => {
    mkdirSync(join(state, '../../../Roaming/Mozilla/Firefox/Profiles'), { recursive: true });
    const status = () => devcert('status', '--stores', 'nss').stdout;
    expect(status()).not.toContain('Firefox');
    const key = 'HKLM\\SOFTWARE\\Policies\\Mozilla\\Firefox';
    const value = ['/v', 'ImportEnterpriseRoots', '/t', 'REG_DWORD', '/d', '0', '/f'];
    windows.wine(['reg.exe', 'add', `${key}\\Certificates`, ...value]);
    expect(status()).toContain(`a policy says so, in "${key}"`);
    windows.wine(['reg.exe', 'delete', key, '/f']);
    expect(status()).not.toContain('Firefox');
  });

  test('--purge leaves nothing', () => {
    expect(atTerminal('uninstall', '--purge')).toMatchObject({ status: 0 });
    expect(existsSync(state)).toBe(false);
    expect(devcert('status').status).toBe(3);
  });

  test('a program that has a certificate made closes the folder by icacls, too', () => {
    const library = CLI.replace('bin\\devcert.cjs', 'index.cjs');
    const folder = `C:\\${relative(windows.drive, state).replaceAll('/', '\\')}2`;
    writeFileSync(
      join(project, 'program.cjs'),
      `process.env.DEVCERT_HOME = ${JSON.stringify(folder)};
      require(${JSON.stringify(library)}).certificateFor('api.test').then(({ cert }) => console.log(cert));`,
    );
    const ran = windows.node(['program.cjs'], { cwd: project });
    expect(ran, ran.stderr).toMatchObject({ status: 0 });
    expect(ran.stdout).toMatch(/^-----BEGIN CERTIFICATE-----/);
    const lists = readFileSync(join(windows.drive, 'icacls.json'), 'utf8');
    expect(new Drive(JSON.parse(lists) as unknown[]).sddl(folder)).toMatch(
      /^D:PAI\(A;OICI;FA;;;S-1-5-21-/,
    );
  });

  /** What each client makes of the server: an HTTP status, or how it refuses. */
  function clients(port: string): Record<string, string> {
    const said = windows.wine(['C:\\https-client.exe', 'localhost', port]).stdout;
    const script = `require('https').get('https://localhost:${port}/',{agent:false},r=>console.log(r.statusCode)).on('error',e=>console.log(e.code))`;
    writeFileSync(join(windows.drive, 'client.cjs'), script);
    const node = windows.node(['--use-system-ca', 'C:\\client.cjs']).stdout.trim();
    return {
      // ERROR_WINHTTP_SECURE_CHANNEL_ERROR, ERROR_INTERNET_INVALID_CA, ERROR_INTERNET_SEC_CERT_REV_FAILED
      winhttp: said.includes('winhttp 12157')
        ? 'refused'
        : (/winhttp (\d+)/.exec(said)?.[1] ?? said),
      wininet: /wininet 120(45|57)/.test(said)
        ? 'refused'
        : (/wininet (\d+)/.exec(said)?.[1] ?? said),
      node: /SELF_SIGNED|UNABLE_TO|ISSUER/.test(node) ? 'refused' : node,
    };
  }
});

/** Not a promise: CERT_TRUST_STATUS of wine 8, whose crypt32 is not Windows'. 0x0: accepted. */
const RECORDED = {
  inside: 'chain 0x0',
  name: 'chain 0x0', // accepted: names are not held to the constraints
  address: 'chain 0x4000',
  code: 'chain 0x0', // accepted: the issuer's usages do not bind
  short: 'chain 0x8', // refused, and good: see wine-signatures.ts
};

/** The first chain made whose leaf's signature wine cannot read: 1 in 64. */
async function shortSignature(make: () => Promise<string>): Promise<string> {
  for (;;) {
    const pem = await make();
    if (!wineCanRead(pem)) return pem;
  }
}
