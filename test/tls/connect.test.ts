import { describe, expect, test } from 'vitest';
import { connectTo, endpointText } from '../../src/tls/connect.ts';
import { plainServer } from '../helpers/listen.ts';

describe('connectTo()', () => {
  test('connects, or says why not', async () => {
    const port = await plainServer(() => undefined);
    const socket = await connectTo({ host: '127.0.0.1', port, timeoutMs: 5000 });
    expect('code' in socket).toBe(false);
    if (!('code' in socket)) socket.destroy();
    expect(await connectTo({ host: '127.0.0.1', port: 1, timeoutMs: 5000 })).toEqual({
      code: 'nothing-listens',
      detail: 'nothing listens there',
    });
  });
});

describe('endpointText()', () => {
  test('puts an IPv6 address into brackets', () => {
    expect([endpointText('::1', 443), endpointText('a.test', 1)]).toEqual([
      '[::1]:443',
      'a.test:1',
    ]);
  });
});
