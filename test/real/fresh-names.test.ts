/**
 * From a fresh machine to a page that opens, by what the command prints and nothing else: names below `localhost` and
 * `test`, and one of the network from another machine, for which a network namespace stands.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenMachine, type Machine } from '../helpers/broken-machine.ts';
import { needsCover } from '../helpers/require.ts';

const ready = needsCover();

const SERVER = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
const pair = { cert: readFileSync('.devcert/cert.pem'), key: readFileSync('.devcert/key.pem') };
createServer(pair, (_, response) => response.end('hello\\n')).listen(8443, '::', () => console.log('listens'));
`;

/** What an output says to type: each command once, in its order. */
function printed(text: string): string[] {
  const commands = text.matchAll(/\bdevcert(?: (?:install|hosts add|ca import)\b[^;,()\n]*)/g);
  return [...new Set([...commands].map(([line]) => line.trim()))];
}

/** Types a line, then whatever it says to type, and so on. @returns all that was typed */
async function follow({ type }: Machine, first: string): Promise<string[]> {
  const typed: string[] = [];
  for (let left = [first]; left.length > 0 && typed.length < 9;) {
    const [line = '', ...others] = left;
    const { status, stdout, stderr } = await type(line);
    expect([line, status, stderr]).toEqual([line, 0, expect.any(String)]);
    typed.push(line);
    left = [...new Set([...others, ...printed(stdout + stderr)])].filter(
      (it) => !typed.includes(it),
    );
  }
  return typed;
}

const page = (name: string) => `curl -sS --max-time 10 https://${name}:8443/`;

describe.runIf(ready)('a fresh machine', () => {
  test('names below localhost and test open by what the command prints', async () => {
    const machine = await brokenMachine({ programs: ['curl', 'python3'] });
    const { type, start, project, doctor } = machine;
    writeFileSync(join(project, 'server.mjs'), SERVER);
    const typed = await follow(machine, 'devcert app.localhost api.test');
    expect(typed).toEqual([
      'devcert app.localhost api.test',
      'devcert hosts add api.test',
      'devcert install',
    ]);
    await start('node server.mjs');
    for (const name of ['app.localhost', 'api.test'])
      expect([name, (await type(page(name))).stdout]).toEqual([name, 'hello\n']);
    // Of names that only some programs find, doctor says so.
    const open = (name: string) =>
      type(
        `python3 -c "import urllib.request as u; print(u.urlopen('https://${name}:8443').read())"`,
      );
    expect((await open('api.test')).stdout).toContain('hello');
    if ((await open('app.localhost')).status !== 0) {
      const note = (await doctor()).notes.find(({ check }) => check === 'names');
      expect(note?.cure).toBe('devcert hosts add app.localhost');
      await type(note?.cure ?? '');
      expect((await open('app.localhost')).stdout).toContain('hello');
    }
  });

  test('a name and an address of the network, from another machine', async () => {
    const [one, other] = [
      await brokenMachine({ programs: ['curl'] }),
      await brokenMachine({ programs: ['curl'] }),
    ];
    const wire = await one.type(
      `ip link add va type veth peer name vb netns ${other.pid} && ip addr add 10.77.0.1/24 dev va && ip link set va up`,
    );
    expect(wire.stderr).toBe('');
    await other.type('ip addr add 10.77.0.2/24 dev vb && ip link set vb up');
    // The name server of the network.
    await other.type('echo 10.77.0.1 box.lan >> /etc/hosts');

    writeFileSync(join(one.project, 'server.mjs'), SERVER);
    const said = await one.type('devcert box.lan 10.77.0.1');
    const [, file = '', there = ''] =
      /copy "([^"]+)" to each, and there, with devcert: (devcert ca import \S+ --trust-only --name \S+)$/m.exec(
        said.stderr,
      ) ?? [];
    await one.type('devcert hosts add box.lan && devcert install');
    await one.start('node server.mjs');
    expect((await one.type(page('box.lan'))).stdout).toBe('hello\n');

    const names = ['box.lan', '10.77.0.1'];
    for (const name of names) expect((await other.type(page(name))).status).toBe(60);
    copyFileSync(file, join(other.project, 'ca.pem'));
    const typed = await follow(other, there);
    expect(typed).toEqual([there, expect.stringMatching(/^devcert install --ca \S+$/)]);
    for (const name of names)
      expect([name, (await other.type(page(name))).stdout]).toEqual([name, 'hello\n']);
    // And away again, by the name that it has there.
    const name = there.split(' ').at(-1) ?? '';
    expect((await other.type(`devcert ca remove ${name}`)).status).toBe(0);
    expect((await other.type(page('box.lan'))).status).toBe(60);
  });
});
