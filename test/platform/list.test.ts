/** What each store lists of devcert's roots: by the certificate, and nobody else's. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { javaStores } from '../../platform/java.ts';
import { layouts } from '../../platform/linux-layouts.ts';
import { linuxSystemStores } from '../../platform/linux-system.ts';
import type { Host, StoreFinder } from '../../platform/types.ts';
import { windowsStores } from '../../platform/windows.ts';
import { wslStores } from '../../platform/wsl.ts';
import { rootInFile } from '../../src/commands/roots.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { AUTHORITY_ORGANIZATION } from '../../src/policy.ts';
import { installRoot, uninstallRoot } from '../../src/trust.ts';
import { encodeSubject } from '../../src/x509/subject.ts';
import { keySigner } from '../../src/signer/key.ts';
import { signCertificate } from '../../src/x509/certificate.ts';
import { authorityConstraints } from '../../src/x509/extensions.ts';
import { generateKey } from '../../src/keys.ts';
import { fakeHost, recorder, temporaryFolder } from '../helpers/host.ts';
import { mac } from '../helpers/macos.ts';

const now = new Date('2026-11-24T12:00:00Z');
const made = await createAuthority('ada@engine', undefined, now);
const ours = rootInFile(made.root, '/state/root.pem');
const issuer = rootInFile(made.issuer, '/state/issuer.pem');
const theirs = rootInFile(await pemOf('devcert development CAX'), '/state/theirs.pem');

/** A root of another organization whose name holds ours. */
async function pemOf(organization: string): Promise<string> {
  const key = generateKey('p256');
  const subject = encodeSubject({ organization, commonName: 'devcert root x' });
  const extensions = [authorityConstraints(1)];
  const fields = { issuer: subject, subject, key, notBefore: now, notAfter: now, extensions };
  const der = await signCertificate(fields, keySigner(key));
  const body = der.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`;
}

async function listed(finder: StoreFinder, host: Host): Promise<string[]> {
  const lists: string[] = [];
  for (const store of await finder.find(host, {}))
    for (const der of (await store.list?.(AUTHORITY_ORGANIZATION)) ?? [])
      lists.push(der.toString('hex'));
  return lists;
}
const hex = ours.der.toString('hex');

describe('list()', () => {
  test.each(layouts.filter(({ platform }) => platform === 'linux').map((it) => [it.id, it]))(
    'of %s: roots in the anchors and in the bundle, each once',
    async (_id, layout) => {
      const sysroot = temporaryFolder();
      const write = (path: string, text: string) => {
        mkdirSync(dirname(join(sysroot, path)), { recursive: true });
        writeFileSync(join(sysroot, path), text);
      };
      const [mark = ''] = layout.marks;
      if (layout.anchors.includes(mark)) mkdirSync(join(sysroot, mark), { recursive: true });
      else write(mark, '');
      const host = fakeHost({ sysroot });
      expect(await listed(linuxSystemStores, host)).toEqual([]);

      const [bundle = ''] = layout.bundles;
      write(bundle, theirs.pem + issuer.pem + ours.pem);
      expect(await listed(linuxSystemStores, host)).toEqual([hex]);
      write(bundle, theirs.pem);
      expect(await listed(linuxSystemStores, host)).toEqual([]);
      write(join(layout.anchors[0], 'sub', 'by-hand.crt'), `# mine\n${ours.pem}`);
      symlinkSync('/nowhere', join(sysroot, layout.anchors[0], 'dangling.crt'));
      expect(await listed(linuxSystemStores, host)).toEqual([hex]);
    },
  );

  test('of FreeBSD: roots in the folder that programs read', async () => {
    const sysroot = temporaryFolder();
    for (const path of ['usr/share/certs/trusted', 'etc/ssl/certs'])
      mkdirSync(join(sysroot, path), { recursive: true });
    writeFileSync(join(sysroot, 'etc/ssl/certs/0123abcd.0'), ours.pem);
    const host = fakeHost({ sysroot, platform: 'freebsd' });
    expect(await listed(linuxSystemStores, host)).toEqual([hex]);
  });

  test('of Java: trusted entries, and not the chain of a key', async () => {
    const sysroot = temporaryFolder();
    const home = join(sysroot, 'usr/lib/jvm/17');
    for (const folder of ['bin', 'lib/security'])
      mkdirSync(join(home, folder), { recursive: true });
    for (const name of ['bin/keytool', 'bin/java', 'lib/security/cacerts'])
      writeFileSync(join(home, name), '');
    const entry = (type: string, pem: string) =>
      `Alias name: x\nCreation date: Jan 1, 2026\nEntry type: ${type}\n\n${pem}\n`;
    const answer = (type: string) =>
      recorder(() => ({ stdout: entry('trustedCertEntry', theirs.pem) + entry(type, ours.pem) }));
    const with_ = (type: string) => fakeHost({ sysroot, run: answer(type).run });
    expect(await listed(javaStores, with_('trustedCertEntry'))).toEqual([hex]);
    expect(await listed(javaStores, with_('PrivateKeyEntry'))).toEqual([]);
    const broken = fakeHost({ sysroot, run: recorder(() => ({ exitCode: 1 })).run });
    expect(await listed(javaStores, broken)).toEqual([]);
  });

  test('of macOS: roots in the keychain, trusted or not', async () => {
    const { host, context } = mac();
    const [finder] = context.finders;
    if (finder === undefined) throw new Error('no finder');
    expect(await listed(finder, host)).toEqual([]);
    const folder = temporaryFolder();
    const stores = await finder.find(host, {});
    for (const [index, { pem }] of [ours, theirs].entries()) {
      const file = join(folder, `${index}.pem`);
      writeFileSync(file, pem);
      await installRoot(stores, rootInFile(pem, file), host);
    }
    expect(await listed(finder, host)).toEqual([hex]);
    const file = join(folder, '0.pem');
    await uninstallRoot(stores, rootInFile(ours.pem, file), host);
    expect(await listed(finder, host)).toEqual([]);
  });

  test('of Windows: the certificate in the blobs of the registry; of the other side of WSL none', async () => {
    const property = (id: number, bytes: Buffer) => {
      const head = Buffer.alloc(12);
      [id, 1, bytes.length].forEach((value, at) => head.writeUInt32LE(value, at * 4));
      return Buffer.concat([head, bytes]);
    };
    const key = 'HKEY_CURRENT_USER\\SOFTWARE\\Microsoft\\SystemCertificates\\Root\\Certificates';
    const value = ({ der, sha1 }: typeof ours) => {
      const blob = Buffer.concat([property(3, Buffer.from(sha1, 'hex')), property(32, der)]);
      const text = blob.toString('hex').toUpperCase();
      return `\r\n${key}\\${sha1.toUpperCase()}\r\n    Blob    REG_BINARY    ${text}\r\n`;
    };
    const stdout = value(theirs) + value(ours) + value(issuer);
    const ran = recorder((line) => (line.includes('reg.exe') ? { stdout } : undefined));
    const host = fakeHost({ platform: 'win32', run: ran.run });
    expect(await listed(windowsStores, host)).toEqual([hex]);
    const roots = 'HKCU\\SOFTWARE\\Microsoft\\SystemCertificates\\Root\\Certificates';
    expect(ran.commands).toEqual([
      { file: 'C:\\Windows\\System32\\reg.exe', args: ['query', roots, '/s'] },
    ]);
    const none = fakeHost({ platform: 'win32', run: recorder(() => ({ exitCode: 1 })).run });
    expect(await listed(windowsStores, none)).toEqual([]);

    const wsl = fakeHost({
      kernel: '6.6.87.2-microsoft-standard-WSL2',
      programs: { wslpath: '/bin/wslpath', 'certutil.exe': '/c/Windows/System32/certutil.exe' },
      run: ran.run,
    });
    expect(await wslStores.find(wsl, {})).toHaveLength(1);
    expect(await listed(wslStores, wsl)).toEqual([]);
  });
});
