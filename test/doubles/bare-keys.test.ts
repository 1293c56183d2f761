import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generateKey, publicKeyHash } from '../../src/keys.ts';
import { encodeEncryptedKey } from '../../src/keystore/encrypted-key.ts';
import { filesWithKey, openKeyHashesIn, openKeysIn } from '../helpers/bare-keys.ts';
import { temporaryFolder } from '../helpers/host.ts';

test('a key is found in every form that is not encrypted, and in none that is', () => {
  const folder = temporaryFolder();
  const key = generateKey('p256');
  const pem = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  const der = key.export({ format: 'der', type: 'pkcs8' });
  const base64 = der.toString('base64');
  const wrapped = (width: number) => base64.match(new RegExp(`.{1,${width}}`, 'g'))?.join('\r\n');
  const forms: Record<string, string | Buffer> = {
    'pkcs8.pem': pem,
    'sec1.pem': key.export({ format: 'pem', type: 'sec1' }),
    'key.der': der,
    'key.jwk': JSON.stringify(key.export({ format: 'jwk' })),
    'journal.json': JSON.stringify({ text: pem }),
    'wide.txt': wrapped(76) ?? '',
    'narrow.txt': wrapped(7) ?? '',
    'moved-1.txt': Buffer.concat([Buffer.from('x'), der]).toString('base64'),
    'moved-2.txt': Buffer.concat([Buffer.from('xy'), der]).toString('base64url'),
    'hex.txt': der.toString('hex').toUpperCase(),
    'colons.txt': der.toString('hex').replace(/(..)/g, '$1:'),
  };
  mkdirSync(join(folder, 'below'));
  for (const [name, data] of Object.entries(forms))
    writeFileSync(join(folder, 'below', name), data);
  writeFileSync(join(folder, 'encrypted.pem'), encodeEncryptedKey(key, 'correct horse'));
  const other = generateKey('p256');
  const otherPem = other.export({ format: 'pem', type: 'pkcs8' }).toString();
  writeFileSync(join(folder, 'other.pem'), otherPem);
  const found = Object.keys(forms).map((name) => `below/${name}`);
  expect(filesWithKey(folder, key).sort()).toEqual(found.sort());
  expect(openKeysIn(folder).sort()).toEqual(
    ['below/journal.json', 'below/pkcs8.pem', 'below/sec1.pem', 'other.pem'].sort(),
  );
  // Half a key, of a file that was being written, has no public half.
  writeFileSync(join(folder, 'half.pem'), otherPem.slice(0, 90));
  expect(openKeyHashesIn(folder).sort()).toEqual([publicKeyHash(key), publicKeyHash(other)].sort());
});
