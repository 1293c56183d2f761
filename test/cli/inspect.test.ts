import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { inspect } from '../../src/commands/inspect.ts';
import type { Context } from '../../src/commands/context.ts';
import { inspectLines } from '../../src/cli/inspect/lines.ts';
import { encodePem } from '../../src/keystore/pem.ts';
import { contextTag, sequence } from '../../src/x509/der.ts';
import { OID } from '../../src/x509/oids.ts';
import { hasModes } from '../helpers/can.ts';
import { fakeHost, stateAt, temporaryFolder } from '../helpers/host.ts';
import { extension } from '../helpers/csr.ts';
import { pkcs8 } from '../helpers/odd-keys.ts';
import { make, makeThree, now } from '../inspect/certificates.ts';

const plain = (text: string) => text;
const style = { good: plain, bad: plain, dim: plain };

function contextIn(folder: string): Context {
  const host = { ...fakeHost(), now: () => now };
  return { host, ...stateAt(join(folder, 'state')), cwd: folder, finders: [] };
}

function linesOf(content: string | Buffer): string[] {
  const context = contextIn(temporaryFolder());
  const source = { name: 'file.pem', bytes: Buffer.from(content) };
  return inspectLines(inspect(context, [source]), style);
}

describe('inspect()', () => {
  test.each([
    ['a file that cannot be read', 'nothing', 1],
    [
      'a key out of the range of its curve',
      encodePem('PRIVATE KEY', pkcs8(Buffer.alloc(115, 0xff))),
      6,
    ],
  ])('%s ends with its exit code (guide)', (_what, content, exitCode) => {
    const source = { name: 'file.pem', bytes: Buffer.from(content) };
    const looked = () => inspect(contextIn(temporaryFolder()), [source]);
    expect(looked).toThrow(expect.objectContaining({ exitCode }));
  });

  test('never creates the state folder', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'a.pem'), make().pem);
    inspect(contextIn(folder), ['a.pem']);
    expect(existsSync(join(folder, 'state'))).toBe(false);
  });

  test('exits with 5 for an expired leaf, with 0 for everything else that can be read', () => {
    const folder = temporaryFolder();
    const { leaf, issuer, root } = makeThree({ startDays: -9, endDays: -1 });
    const others = makeThree();
    const files = {
      'expired.pem': leaf.pem + issuer.pem,
      'good.pem': others.leaf.pem,
      'trust.pem': root.pem + make({ authority: true, endDays: -1, startDays: -9 }).pem,
      'self.pem': make().pem,
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const codes = Object.keys(files).map((it) => inspect(contextIn(folder), [it]).exitCode);
    expect(codes).toEqual([5, 0, 0, 0]);
    expect(inspect(contextIn(folder), ['good.pem', 'expired.pem']).exitCode).toBe(5);
  });

  test.runIf(hasModes)(
    'tells of an open key that others can read, and not of an encrypted one',
    () => {
      const folder = temporaryFolder();
      const file = join(folder, 'key.pem');
      writeFileSync(file, make().keyPem);
      const problems = () => inspect(contextIn(folder), ['key.pem']).files[0]?.problems;
      chmodSync(file, 0o640);
      expect(problems()).toMatchObject([{ code: 'key-readable', hint: 'chmod 600 "key.pem"' }]);
      chmodSync(file, 0o600);
      expect(problems()).toEqual([]);
    },
  );

  test('without files looks at the pair in .devcert, and says so if there is none', () => {
    expect(() => inspect(contextIn(temporaryFolder()), [])).toThrow(
      expect.objectContaining({ code: 'usage' }),
    );
  });

  test('refuses what is not there and a folder', () => {
    const folder = temporaryFolder();
    for (const file of ['nothing.pem', '.'])
      expect(() => inspect(contextIn(folder), [file])).toThrow(
        expect.objectContaining({ code: 'file' }),
      );
  });
});

describe('inspectLines()', () => {
  const { leaf, issuer, root } = makeThree({ names: ['localhost', '*.app.test', '::1'] });

  test('fits 80 columns', () => {
    const names = Array.from({ length: 90 }, (_, i) => `host-number-${i}.some.test`);
    const many = make({ names }, issuer);
    const bundle = Array.from({ length: 140 }, (_, i) =>
      make({
        authority: true,
        subject: { commonName: `A rather long name for an authority ${i}` },
      }),
    );
    for (const content of [
      leaf.pem + issuer.pem,
      root.pem,
      many.pem,
      bundle.map(({ pem }) => pem).join(''),
    ])
      expect(linesOf(content).filter((line) => line.length > 79)).toEqual([]);
  });

  test('says what matters first', () => {
    expect(linesOf(leaf.pem + issuer.pem).slice(0, 6)).toEqual([
      'file.pem: certificate chain, PEM, 2 certificates',
      '',
      '  names      localhost, *.app.test, ::1',
      '  valid      2026-11-23 to 2027-02-22, 90 days left',
      '  for        servers',
      '  issued by  OU=test issuer',
    ]);
  });

  test('has one line for each root of a trust store, and one for all that have expired', () => {
    const roots = Array.from({ length: 140 }, (_, i) =>
      make({
        authority: true,
        subject: { commonName: `root ${i}` },
        ...(i < 7 ? { startDays: -90, endDays: -2 } : {}),
      }),
    );
    const lines = linesOf(roots.map(({ pem }) => pem).join(''));
    expect(lines.filter((line) => /^ {2}root \d+ /.test(line))).toHaveLength(140);
    expect(lines.join(' ').replace(/\s+/g, ' ')).toContain(
      '7 of the certificates have expired: root 0, root 1, root 2, root 3, root 4 and 2 more',
    );
  });

  test('lets nothing from the file steer the terminal', () => {
    const evil = 'a\u001b[31mb\u0007\nc\u202edcba\u009b2J\u200bz';
    const raw = Buffer.from('evil\u001b]0;x\u0007\r\n.test', 'latin1');
    const san = extension(OID.subjectAltName, sequence(contextTag(2, false, raw)));
    const made = make({
      subject: { commonName: evil, organization: evil },
      names: [],
      more: [san],
    });
    for (const content of [
      made.pem,
      make({ subject: { commonName: evil }, authority: true }).pem,
    ]) {
      const text = linesOf(content).join('\n');
      expect(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e]/.test(text)).toBe(
        false,
      );
    }
  });
});
