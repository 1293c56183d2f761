import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readAuthority } from '../../src/authority/authority.ts';
import { createAuthority } from '../../src/authority/create.ts';
import { encodeKeeping } from '../../src/authority/keeping.ts';
import { issueLeaf } from '../../src/certificate/issue.ts';
import { generateKey, publicKeyOf } from '../../src/keys.ts';
import { parseLeafRequest } from '../../src/names/request.ts';
import { Keyring } from '../../src/signer/keyring.ts';
import { fingerprintOf } from '../../src/signer/ssh-agent.ts';
import { agentKey, doubleAgent } from '../helpers/ssh-agent.ts';

const now = new Date('2026-11-28T12:00:00Z');
const request = parseLeafRequest(['api.test']);

async function made() {
  const key = agentKey();
  const issuerKey = publicKeyOf(key.key ?? generateKey('p256'));
  const pem = await createAuthority('ada@engine', undefined, now, { issuerKey });
  const fingerprint = fingerprintOf(issuerKey);
  return { key, pem: { ...pem, keeping: encodeKeeping({ way: 'ssh-agent', fingerprint }) } };
}

describe('an authority whose key is in an SSH agent', () => {
  test('has no key of its own, and issues what its agent signed', async () => {
    const { key, pem } = await made();
    expect(pem.issuerKey).toBe('');
    const { agent, signed } = await doubleAgent({ keys: [key] });
    const authority = readAuthority(pem, '/state');
    const leaf = await issueLeaf(authority, request, 'a@b', now, new Keyring({ agent }));
    expect(leaf.certificate.verify(new X509Certificate(pem.issuer).publicKey)).toBe(true);
    expect(signed).toHaveLength(1);
    // What was signed is in the certificate as it is.
    expect(leaf.certificate.raw.includes(signed[0] ?? Buffer.of(1))).toBe(true);
  });

  test('gives its key to nobody, and signs nothing without its agent', async () => {
    const { pem } = await made();
    const authority = readAuthority(pem, '/state');
    const { agent } = await doubleAgent({ keys: [agentKey()] });
    await expect(authority.privateKey(new Keyring({ agent }))).rejects.toMatchObject({
      code: 'refused',
      hint: expect.stringContaining('devcert ca export') as string,
    });
    for (const keys of [undefined, new Keyring(), new Keyring({ agent })])
      await expect(issueLeaf(authority, request, 'a@b', now, keys)).rejects.toMatchObject({
        code: 'agent',
      });
  });

  test('whose record names another key is damaged', async () => {
    const { key, pem } = await made();
    const other = fingerprintOf(publicKeyOf(generateKey('p256')));
    const keeping = encodeKeeping({ way: 'ssh-agent', fingerprint: other });
    const { agent, requests } = await doubleAgent({ keys: [key] });
    const authority = readAuthority({ ...pem, keeping }, '/state');
    await expect(
      issueLeaf(authority, request, 'a@b', now, new Keyring({ agent })),
    ).rejects.toMatchObject({ code: 'invalid-authority' });
    expect(requests).toEqual([]);
  });

  test('asks once after it was refused, however much is left to sign', async () => {
    const { key, pem } = await made();
    const { agent, requests } = await doubleAgent({ keys: [key], refuses: true });
    const keys = new Keyring({ agent });
    const authority = readAuthority(pem, '/state');
    for (let time = 0; time < 3; time++)
      await expect(issueLeaf(authority, request, 'a@b', now, keys)).rejects.toMatchObject({
        code: 'agent',
      });
    expect(requests.filter((type) => type === 13)).toHaveLength(1);
  });
});
