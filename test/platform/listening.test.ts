/** Which ports programs of this user listen on: by the files of Linux, by lsof, and for real. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fromLsof, listeningPorts, LSOF } from '../../platform/listening.ts';
import { hasLinks } from '../helpers/can.ts';
import { fakeHost, recorder } from '../helpers/host.ts';
import { findProgram } from '../helpers/run.ts';

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n';
const row = (local: string, state: string, uid: number, inode: number) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  ${uid}        0 ${inode} 1 0000 100 0 0 10 0\n`;
const V6 = '0'.repeat(24);

/** A port of this process that really listens. */
async function listening(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('listeningPorts()', () => {
  test.runIf(hasLinks)('reads those of this user, at addresses of this machine alone', async () => {
    const host = fakeHost({ uid: 1000 });
    const proc = join(host.sysroot, 'proc');
    mkdirSync(join(proc, 'net'), { recursive: true });
    mkdirSync(join(proc, '123/fd'), { recursive: true });
    symlinkSync('socket:[77]', join(proc, '123/fd/19'));
    symlinkSync('/usr/bin/node (deleted)', join(proc, '123/exe'));
    writeFileSync(
      join(proc, 'net/tcp'),
      HEAD +
        row('0100007F:1F90', '0A', 1000, 77) +
        row('0100007F:1F91', '01', 1000, 78) + // a connection
        row('0100007F:0016', '0A', 0, 79) + // root's
        row('0101A8C0:2328', '0A', 1000, 80) + // at 192.168.1.1
        row('00000000:20FB', '0A', 1000, 81),
    );
    writeFileSync(
      join(proc, 'net/tcp6'),
      HEAD + row(`${V6}01000000:0BB8`, '0A', 1000, 82) + row(`${V6}00000000:20FB`, '0A', 1000, 83),
    );
    expect(await listeningPorts(host)).toEqual([
      { port: 8080, addresses: ['127.0.0.1'], process: { name: 'node', pid: 123 } },
      { port: 8443, addresses: ['127.0.0.1', '::1'], process: undefined },
      { port: 3000, addresses: ['::1'], process: undefined },
    ]);
  });

  test('asks lsof where there is no /proc, and nobody where there is neither', async () => {
    const { run, lines } = recorder(() => ({
      stdout:
        'p123\ncnode\nf20\nn127.0.0.1:8443\nf21\nn[::1]:8443\np9\ncnginx\nn*:443\nn10.0.0.2:80\n',
    }));
    expect(
      await listeningPorts(fakeHost({ uid: 501, run, programs: { lsof: '/usr/sbin/lsof' } })),
    ).toEqual([
      { port: 8443, addresses: ['127.0.0.1', '::1'], process: { name: 'node', pid: 123 } },
      { port: 443, addresses: ['127.0.0.1', '::1'], process: { name: 'nginx', pid: 9 } },
    ]);
    expect(lines).toEqual(['/usr/sbin/lsof -nP -Fpcn -iTCP -sTCP:LISTEN -a -u 501']);
    expect(await listeningPorts(fakeHost({ uid: undefined }))).toEqual([]);
    expect(await listeningPorts(fakeHost())).toEqual([]);
  });

  test('asks netstat and tasklist on Windows, in whatever language', async () => {
    const { run, lines } = recorder((line) => ({
      stdout: line.includes('tasklist.exe')
        ? '"node.exe","4242","Console","1","50,000 K"\r\n"my server.exe","77","Console","1","9 K"\r\n'
        : '\r\nAktive Verbindungen\r\n\r\n  Proto  Lokale Adresse  Remoteadresse  Status  PID\r\n' +
          '  TCP    0.0.0.0:135            0.0.0.0:0              ABHÖREN         1104\r\n' + // the system's
          '  TCP    127.0.0.1:8443         0.0.0.0:0              ABHÖREN         4242\r\n' +
          '  TCP    127.0.0.1:8443         127.0.0.1:50000        HERGESTELLT     4242\r\n' +
          '  TCP    192.168.1.7:9000       0.0.0.0:0              ABHÖREN         4242\r\n' +
          '  TCP    [::1]:8443             [::]:0                 ABHÖREN         4242\r\n' +
          '  TCP    [::]:3000              [::]:0                 À L’ÉCOUTE      77\r\n' +
          '  UDP    0.0.0.0:5353           *:*                                    4242\r\n',
    }));
    const env = { SystemRoot: 'C:\\Windows', USERDOMAIN: 'PC', USERNAME: 'me' };
    expect(await listeningPorts(fakeHost({ platform: 'win32', uid: undefined, env, run }))).toEqual(
      [
        { port: 8443, addresses: ['127.0.0.1', '::1'], process: { name: 'node', pid: 4242 } },
        { port: 3000, addresses: ['127.0.0.1', '::1'], process: { name: 'my server', pid: 77 } },
      ],
    );
    expect(lines).toEqual([
      'C:\\Windows\\System32\\netstat.exe -ano',
      'C:\\Windows\\System32\\tasklist.exe /FO CSV /NH /FI USERNAME eq PC\\me',
    ]);
  });

  test.runIf(process.platform === 'linux')('finds a real one, with its process', async () => {
    const port = await listening('127.0.0.1');
    const all = await listeningPorts(fakeHost({ uid: process.geteuid?.(), sysroot: '/' }));
    expect(all.find((it) => it.port === port)).toEqual({
      port,
      addresses: ['127.0.0.1'],
      process: { name: expect.stringContaining('node') as string, pid: process.pid },
    });
    const lsof = findProgram('lsof');
    if (lsof === undefined) return;
    const uid = String(process.geteuid?.() ?? '');
    const told = fromLsof(
      execFileSync(lsof, [...LSOF, uid], { encoding: 'utf8', timeout: 20_000 }),
    );
    expect(told.find((it) => it.port === port)).toMatchObject({
      addresses: ['127.0.0.1'],
      process: { pid: process.pid },
    });
  });
});
