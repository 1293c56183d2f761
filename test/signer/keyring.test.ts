import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasShell } from '../helpers/can.ts';
import { generateKey, publicKeyHash, publicKeyOf } from '../../src/keys.ts';
import { openingSigner } from '../../src/signer/key.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';
import { decryptKeyPem, parsePassphrase } from '../../src/signer/passphrase.ts';
import { temporaryFolder } from '../helpers/host.ts';

const WHAT = 'the key of the CA "default"';
const key = generateKey('p256');
const pem = encodeEncryptedKey(key, 'correct horse');

function failure(work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    return error;
  }
}

/** A keyring whose questions are counted. */
function asking(answer: string | Error) {
  const asked: [string, boolean][] = [];
  const keys = new Keyring({
    passphrase: (what, isNew) => {
      asked.push([what, isNew]);
      return typeof answer === 'string' ? Promise.resolve(answer) : Promise.reject(answer);
    },
  });
  return { asked, keys };
}

describe('Keyring', () => {
  test('asks once for a key, and only when it is opened', async () => {
    const { asked, keys } = asking('correct horse');
    const signer = openingSigner(publicKeyOf(key), () => keys.open(pem, WHAT));
    expect(signer.publicKey).toEqual(publicKeyOf(key));
    expect(asked).toEqual([]);
    const bytes = Buffer.from('to be signed');
    const signatures = await Promise.all([signer.sign(bytes), signer.sign(bytes)]);
    for (const signature of signatures)
      expect(verify('sha256', bytes, createPublicKey(key), signature)).toBe(true);
    expect(asked).toEqual([[WHAT, false]]);
  });

  test('lets whoever asks try before it counts, and opens with what is answered', async () => {
    const tried: unknown[] = [];
    const keys = new Keyring({
      passphrase: (_what, _isNew, check) => {
        for (const text of ['wrong horse', 'correct horse'])
          tried.push(failure(() => check?.(text)));
        return Promise.resolve('correct horse');
      },
    });
    expect((await keys.open(pem, WHAT)).equals(key)).toBe(true);
    expect(tried).toEqual([expect.objectContaining({ code: 'password' }), undefined]);
    // One that was taken when it was tried, and another as the answer.
    const liar = new Keyring({
      passphrase: (_what, _isNew, check) => {
        check?.('correct horse');
        return Promise.resolve('wrong horse');
      },
    });
    await expect(liar.open(pem, WHAT)).rejects.toMatchObject({ code: 'password' });
  });

  test('says at once what is missing where nobody can be asked', async () => {
    await expect(new Keyring().open(pem, WHAT)).rejects.toMatchObject({
      code: 'password',
      message: 'the key of the CA "default" needs its passphrase',
      hint: expect.stringContaining('listener with password()') as string,
    });
  });

  test('tries nothing more in a run once a passphrase was wrong', async () => {
    const { asked, keys } = asking('wrong horse');
    const error = await keys.open(pem, WHAT).catch((it: unknown) => it);
    expect(error).toMatchObject({
      code: 'password',
      message: 'this is not the passphrase of the key of the CA "default"',
    });
    expect(keys.isFailure(error)).toBe(true);
    const other = encodeEncryptedKey(generateKey('p256'), 'wrong horse');
    await expect(keys.open(other, WHAT)).rejects.toBe(error);
    expect(asked).toHaveLength(1);
  });
});

describe('parsePassphrase()', () => {
  test.each([
    ['', 'is empty'],
    ['a'.repeat(1024), 'is longer than 1023 bytes'],
    ['ä'.repeat(512), 'is longer than 1023 bytes'],
    ['half \ud83d of it', 'is no text: half a character is in it'],
    ['two\nlines here', 'has a control character in it'],
    ['nul\0 in the middle', 'has a control character in it'],
    ['short 1', 'is shorter than 8 characters'],
  ])('refuses %j for a new key', (text, problem) => {
    expect(failure(() => parsePassphrase(text, WHAT, true))).toMatchObject({
      code: 'password',
      message: `the passphrase of ${WHAT} ${problem}`,
    });
  });

  test('counts characters, and takes a short one for a key that has one', () => {
    expect(parsePassphrase('\u{1f511}'.repeat(8), WHAT, true)).toHaveLength(16);
    expect(parsePassphrase('old', WHAT, false)).toBe('old');
    expect(failure(() => parsePassphrase('', WHAT, false))).toMatchObject({ code: 'password' });
  });

  test('an accent is the same however it is typed: the bytes are the UTF-8 of NFC', () => {
    const [composed, decomposed] = ['Käse und Brot', 'Ka\u0308se und Brot'];
    expect(parsePassphrase(decomposed, WHAT, true)).toBe(composed);
    const encrypted = encodeEncryptedKey(key, parsePassphrase(decomposed, WHAT, true));
    for (const typed of [composed, decomposed])
      expect(publicKeyHash(decryptKeyPem(encrypted, typed, WHAT))).toBe(publicKeyHash(key));
    // What any other program makes of the composed form.
    expect(
      createPrivateKey({
        key: encrypted,
        passphrase: Buffer.from('4bc3a4736520756e642042726f74', 'hex'),
      }).type,
    ).toBe('private');
  });

  test.runIf(hasShell)('the longest that is taken is one that OpenSSL takes from a file', () => {
    const passphrase = parsePassphrase('a'.repeat(1023), WHAT, true);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'key.pem'), encodeEncryptedKey(key, passphrase));
    writeFileSync(join(folder, 'passphrase'), `${passphrase}\n`);
    const args = ['pkey', '-in', 'key.pem', '-passin', 'file:passphrase', '-pubout'];
    const out = execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', timeout: 20_000 });
    expect(publicKeyHash(createPublicKey(out))).toBe(publicKeyHash(key));
  });
});

describe('decryptKeyPem()', () => {
  test('says of a damaged block that it is damaged, not that the passphrase is wrong', () => {
    const lines = pem.split('\n');
    lines.splice(1, 1);
    expect(failure(() => decryptKeyPem(lines.join('\n'), 'correct horse', WHAT))).toMatchObject({
      code: 'invalid-input',
    });
    expect(failure(() => decryptKeyPem('no key', 'correct horse', WHAT))).toMatchObject({
      code: 'invalid-input',
    });
  });
});
