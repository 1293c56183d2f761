/** The words before TLS, said to servers that say the right thing, the wrong one, too much, and nothing. */
import type { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { connectTo } from '../../src/tls/connect.ts';
import { startTls, startTlsOfPort, type StartTls } from '../../src/tls/starttls.ts';
import { plainServer } from '../helpers/listen.ts';

async function ask(protocol: StartTls, serve: (socket: Socket) => void, timeoutMs = 5000) {
  const port = await plainServer(serve);
  const socket = await connectTo({ host: '127.0.0.1', port, timeoutMs });
  if ('code' in socket) throw new Error(socket.detail);
  const answer = await startTls(socket, protocol, timeoutMs);
  socket.destroy();
  return answer;
}

/** Says the first, then after each thing it hears the next. */
function says(...lines: (string | Buffer)[]) {
  return (socket: Socket) => {
    const [greeting = '', ...answers] = lines;
    if (greeting.length > 0) socket.write(greeting);
    socket.on('data', () => {
      const next = answers.shift();
      if (next !== undefined) socket.write(next);
    });
  };
}

const greetingOf = (capabilities: number) => {
  const payload = Buffer.concat([
    Buffer.from('\x0a11.4.2-MariaDB\0'),
    Buffer.alloc(12, 1),
    Buffer.from([0]),
    Buffer.from([capabilities & 0xff, capabilities >> 8]),
    Buffer.alloc(40),
  ]);
  const header = Buffer.alloc(4);
  header.writeUIntLE(payload.length, 0, 3);
  return Buffer.concat([header, payload]);
};
const ldap = (result: number, text = '') => {
  const response = Buffer.from([0x0a, 1, result, 4, 0, 4, text.length, ...Buffer.from(text)]);
  return Buffer.from([0x30, response.length + 5, 2, 1, 1, 0x78, response.length, ...response]);
};

const good: Record<StartTls, (string | Buffer)[]> = {
  postgres: ['', 'S'],
  mysql: [greetingOf(0x0800)],
  smtp: [
    '220-mail.test\r\n220 ESMTP\r\n',
    '250-mail.test\r\n250-STARTTLS\r\n250 HELP\r\n',
    '220 go\r\n',
  ],
  imap: ['* OK [CAPABILITY IMAP4rev1] ready\r\n', '* CAPABILITY IMAP4rev1\r\na OK begin\r\n'],
  ldap: ['', ldap(0)],
};
const protocols = Object.keys(good) as StartTls[];

describe('startTls()', () => {
  test.each(protocols)('begins with TLS in %s', async (protocol) => {
    expect(await ask(protocol, says(...good[protocol]))).toBeUndefined();
  });

  test.each<[StartTls, (string | Buffer)[], string]>([
    ['postgres', ['', 'N'], 'it answers that it has no TLS'],
    ['mysql', [greetingOf(0)], 'it does not say that it has TLS'],
    ['mysql', [Buffer.from('\x12\0\0\0\xff\x69\x04Host is blocked', 'latin1')], 'Host is blocked'],
    ['smtp', ['220 mail\r\n', '250 HELP\r\n'], 'STARTTLS is not among what it offers'],
    ['smtp', ['220 mail\r\n', '250 STARTTLS\r\n', '454 not now\r\n'], '454 not now'],
    ['imap', ['* OK ready\r\n', 'a BAD no such command\r\n'], 'a BAD no such command'],
    ['ldap', ['', ldap(2, 'unsupported extended operation')], 'unsupported extended operation'],
    ['ldap', ['', ldap(52)], 'result 34'],
  ])('is told by %s that there is none', async (protocol, lines, detail) => {
    expect(await ask(protocol, says(...lines))).toEqual({ code: 'not-offered', detail });
  });

  test.each(protocols)('tells another protocol from %s', async (protocol) => {
    const answer = await ask(protocol, says('HTTP/1.1 400 Bad Request\r\n\r\n'));
    expect(answer?.code).toBe('other-protocol');
  });

  test.each(protocols)('takes no words in the clear after the go-ahead of %s', async (protocol) => {
    const lines = [...good[protocol]];
    lines.push(Buffer.concat([Buffer.from(lines.pop() ?? ''), Buffer.from('evil\r\n')]));
    expect((await ask(protocol, says(...lines)))?.code).toBe('injected');
  });

  test.each(protocols)(
    'waits for %s no longer than its limit, nor on one that never ends',
    async (protocol) => {
      expect((await ask(protocol, () => undefined, 100))?.code).toBe('no-answer');
      const closed = await ask(protocol, (socket) => socket.end());
      expect(closed?.code).toBe('closed');
      const endless = await ask(protocol, (socket) => {
        socket.write('220-x\r\n'.repeat(20_000));
      });
      expect(endless?.code).toMatch(/other-protocol/);
    },
  );

  test('cuts what a server says, and takes the steering out of it', async () => {
    const text = `454 \x1b]0;title\x07${'x'.repeat(500)}\r\n`;
    const answer = await ask('smtp', says('220 mail\r\n', '250 STARTTLS\r\n', text));
    expect(answer?.detail).toMatch(/^454 \]0;titlex{80,95}$/);
  });
});

describe('startTlsOfPort()', () => {
  test('knows the ports that begin in the clear', () => {
    expect([5432, 3306, 587, 143, 389, 443, 8443].map(startTlsOfPort)).toEqual([
      ...['postgres', 'mysql', 'smtp', 'imap', 'ldap'],
      ...[undefined, undefined],
    ]);
  });
});
