import { describe, expect, test } from 'vitest';
import { serverIn } from '../../src/verify/target.ts';

const step = { command: 'verify', names: 'localhost:8443' } as const;

describe('serverIn()', () => {
  test.each([
    ['localhost:8443', { host: 'localhost', port: 8443 }],
    ['LOCALHOST.:8443', { host: 'localhost', port: 8443 }],
    ['[::1]:443', { host: '::1', port: 443 }],
    ['127.0.0.1:5432', { host: '127.0.0.1', port: 5432, startTls: 'postgres' }],
    ['https://api.test', { host: 'api.test', port: 443 }],
    ['https://ada:secret@api.test:8443/a?b#c', { host: 'api.test', port: 8443 }],
    ['https://[::1]:8443/', { host: '::1', port: 8443 }],
    ['postgres://db.test/app', { host: 'db.test', port: 5432, startTls: 'postgres' }],
    ['smtps://mail.test', { host: 'mail.test', port: 465 }],
    ['https://db.test:5432', { host: 'db.test', port: 5432 }],
    ['bücher.test:443', { host: 'xn--bcher-kva.test', port: 443 }],
  ])('%s', (text, server) => {
    expect(serverIn(text, step)).toEqual(server);
  });

  test.each(['cert.pem', './a:b', 'C:\\certs\\a.pem', '/tmp/x', 'localhost', ':443', '-rf', ''])(
    'takes "%s" for no server',
    (text) => {
      expect(serverIn(text, step)).toBeUndefined();
    },
  );

  test.each([
    'localhost:0',
    'localhost:70000',
    'http://localhost',
    'file:///etc/passwd',
    'https://',
    'https://*.api.test',
    'a b:443',
    'https://a\u0000b',
  ])('refuses "%s"', (text) => {
    if (text === 'a b:443') {
      expect(serverIn(text, step)).toBeUndefined();
      return;
    }
    expect(() => serverIn(text, step)).toThrow(expect.objectContaining({ code: 'usage' }));
  });
});
