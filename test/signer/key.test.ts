import { createPublicKey, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { generateKey, publicKeyOf } from '../../src/keys.ts';
import { keySigner } from '../../src/signer/key.ts';
import { signatureAlgorithm } from '../../src/x509/certificate.ts';
import { oddKey } from '../helpers/odd-keys.ts';

const bytes = Buffer.from('to be signed');

describe('keySigner()', () => {
  test.each(['p256', 'p384', 'rsa2048'] as const)('signs with a key of type %s', async (type) => {
    const key = generateKey(type);
    const signer = keySigner(key);
    const signature = await signer.sign(bytes);
    const { hash } = signatureAlgorithm(type);
    expect(signer.publicKey).toEqual(publicKeyOf(key));
    expect(verify(hash, bytes, createPublicKey(key), signature)).toBe(true);
    expect(verify(hash, Buffer.from('something else'), createPublicKey(key), signature)).toBe(
      false,
    );
  });

  test('refuses a kind of key that devcert does not sign with', async () => {
    const key = oddKey('ed25519');
    await expect(keySigner(key).sign(bytes)).rejects.toMatchObject({ code: 'weak-key' });
  });
});
