/** A server that was not restarted after its certificate was renewed: `list` and `doctor` say so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer as createPlain } from 'node:http';
import { createServer as createSilent, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { freshHome } from '../helpers/cli.ts';
import { startServer } from '../helpers/server.ts';

interface Listed {
  certificates: { names: string[]; state: string; servedOld: { port: number }[] }[];
}

test.runIf(process.platform === 'linux')(
  'list names the port that still serves what was renewed, until the server is restarted',
  async () => {
    const { run, project } = freshHome();
    await run(['*.app.test', '--out', 'app']);
    const options = () => ({
      cert: readFileSync(join(project, 'app/cert.pem')),
      key: readFileSync(join(project, 'app/key.pem')),
    });
    // What else listens: plain HTTP, and one that says nothing.
    const others = [createPlain((_, it) => it.end('x')), createSilent(() => undefined)];
    for (const it of others) {
      await new Promise<void>((resolve) => it.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => void it.close());
    }
    const old = await startServer(options());
    onTestFinished(() => old.close());
    const ports = async () => {
      const { certificates } = JSON.parse((await run(['list', '--json'])).stdout) as Listed;
      return certificates.map(({ state, servedOld }) => [state, ...servedOld.map((it) => it.port)]);
    };
    expect(await ports()).toEqual([['valid']]);
    await run(['*.app.test', '--out', 'app', '--force']);
    expect(await ports()).toEqual([['valid', old.port]]);
    const { stdout, stderr, status } = await run(['list']);
    expect(stdout).toMatch(
      new RegExp(`served on port ${old.port} still old \\(node, process ${process.pid}\\)`),
    );
    expect([status, stderr]).toEqual([0, expect.stringContaining('restart or reload it')]);
    await old.close();
    const restarted = await startServer(options());
    onTestFinished(() => restarted.close());
    expect(await ports()).toEqual([['valid']]);
    for (const it of others) expect((it.address() as AddressInfo).port).toBeGreaterThan(0);
  },
);
