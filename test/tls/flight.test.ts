/** What a server really sent: of TLS 1.2 and 1.3, and of bytes that are neither. */
import { createServer, type TlsOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { connectTo } from '../../src/tls/connect.ts';
import { readFlight } from '../../src/tls/flight.ts';
import { shakeHands } from '../../src/tls/handshake.ts';
import { make, makeThree } from '../inspect/certificates.ts';
import { listen } from '../helpers/listen.ts';

const { root, issuer, leaf } = makeThree();
const foreign = make({ authority: true, subject: { commonName: 'foreign' } });

async function shake(options: TlsOptions, more: Partial<Parameters<typeof shakeHands>[0]> = {}) {
  const port = await listen(createServer(options));
  const socket = await connectTo({ host: '127.0.0.1', port, timeoutMs: 5000 });
  if ('code' in socket) throw new Error(socket.detail);
  return shakeHands({ socket, name: 'localhost', ...more }, 5000);
}

describe('shakeHands()', () => {
  test.each([
    ['TLSv1.3', 'TLS_AES_128_GCM_SHA256'],
    ['TLSv1.3', 'TLS_AES_256_GCM_SHA384'],
    ['TLSv1.3', 'TLS_CHACHA20_POLY1305_SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
    ['TLSv1.2', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ] as const)(
    'tells the certificates as they were sent by %s with %s: in their order, doubles and strangers too',
    async (version, ciphers) => {
      const sent = [leaf, foreign, issuer, issuer, root];
      const cert = sent.map(({ pem }) => pem).join('');
      const { agreed, failure, flight } = await shake(
        { cert, key: leaf.keyPem, ciphers, minVersion: version, maxVersion: version },
        { alpn: ['h2', 'http/1.1'] },
      );
      expect(failure).toBeUndefined();
      expect(agreed?.version).toBe(version);
      expect(flight.certificates?.map((der) => der.toString('hex'))).toEqual(
        sent.map(({ der }) => der.toString('hex')),
      );
      expect(flight.request).toBeUndefined();
      expect(flight.isTls).toBe(true);
    },
  );

  test('reads on after a server asked for another key share', async () => {
    const { agreed, flight } = await shake({
      ...{ cert: leaf.pem + issuer.pem, key: leaf.keyPem },
      ecdhCurve: 'P-384',
      minVersion: 'TLSv1.3',
    });
    expect(agreed?.version).toBe('TLSv1.3');
    expect(flight.certificates).toHaveLength(2);
  });

  test('tells the protocol that was chosen', async () => {
    const { agreed } = await shake(
      { cert: leaf.pem, key: leaf.keyPem, ALPNProtocols: ['http/1.1'] },
      { alpn: ['h2', 'http/1.1'] },
    );
    expect(agreed?.alpn).toBe('http/1.1');
  });

  test.each(['TLSv1.3', 'TLSv1.2'] as const)(
    'tells of whom a server takes certificates, by %s, and that it lets nobody in without',
    async (version) => {
      const { failure, flight } = await shake({
        ...{ cert: leaf.pem, key: leaf.keyPem, minVersion: version, maxVersion: version },
        ...{ ca: [root.pem, foreign.pem], requestCert: true, rejectUnauthorized: true },
      });
      expect(flight.request?.authorities).toEqual(['CN=test root', 'CN=foreign']);
      expect(failure).toBeDefined();
    },
  );
});

describe('readFlight()', () => {
  test('finds nothing in what is no handshake, and never fails', () => {
    for (const hex of [
      '',
      '16',
      '1603030000',
      '160303000401000000',
      '16030300080d0000040101',
      '160303000b0b000007000004000001ff',
      '160303000b0b0000070000ff000001ff',
      '1703030001ff',
    ])
      expect(readFlight(Buffer.from(hex, 'hex'), Buffer.alloc(32))).toMatchObject({
        request: undefined,
        certificates: undefined,
        isTls: true,
      });
    const damaged = Buffer.from('16030300080d00000401010000', 'hex');
    expect(readFlight(damaged).request).toEqual({ authorities: [] });
    expect(readFlight(Buffer.from('HTTP/1.1 400')).isTls).toBe(false);
    expect(readFlight(Buffer.from('15030300020228', 'hex'))).toMatchObject({ alert: 40 });
  });
});
