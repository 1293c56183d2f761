/**
 * The hall of broken machines: each broken for real in one way. `doctor` or `verify` names the cause, and what it
 * says to type, typed as printed, cures it. Those of stores, variables and folders are in doctor.test.ts.
 */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  brokenMachine,
  type Finding,
  type Machine,
  type MachineOptions,
} from '../helpers/broken-machine.ts';
import { clock } from '../helpers/clock.ts';
import { needs, needsCover, needsTools } from '../helpers/require.ts';
import { findProgram } from '../helpers/run.ts';

const ready = needsCover();

/** A server that reads its certificate when it starts: `node server.mjs PORT [CERTIFICATE] [KEY]`. */
const SERVER = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
const [port, cert = '.devcert/cert.pem', key = '.devcert/key.pem'] = process.argv.slice(2);
createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (_, response) => response.end('hello\\n'))
  .listen(Number(port), '::', () => console.log('listens'));
`;

/** One on which all is well: installed, with a certificate for these names. */
async function healthy(names = 'localhost', options?: MachineOptions): Promise<Machine> {
  const made = await brokenMachine(options);
  writeFileSync(join(made.project, 'server.mjs'), SERVER);
  const { status, stderr } = await made.type(`devcert install >&2 && devcert ${names} >&2`);
  expect([status, stderr]).toEqual([0, expect.anything()]);
  return made;
}

/** What is to be typed, where words stand around it. */
function typed(cure: string | undefined): string {
  const line = /devcert(?: (?!and\b)[^\s,;:)]+)*/.exec(cure ?? '')?.[0];
  if (line === undefined) throw new Error(`nothing to type in: ${cure ?? 'nothing'}`);
  return line;
}

function only({ wrong }: { wrong: readonly Finding[] }): Finding {
  expect(wrong.map(({ problem }) => problem)).toHaveLength(1);
  return wrong[0] ?? { check: '', problem: '', cure: '', exitCode: 0 };
}

describe.runIf(ready)('the hall of broken machines', () => {
  test('an untrusted root', async () => {
    const { type, verify, start, project } = await brokenMachine();
    writeFileSync(join(project, 'server.mjs'), SERVER);
    await type('devcert localhost');
    await start('node server.mjs 8443');
    const said = await verify('devcert verify localhost:8443 --roots system');
    expect(Object.keys(said)).toEqual(['other-authority']);
    const cure = typed(said['other-authority']?.split(';')[1]);
    expect(cure).toBe('devcert install');
    expect((await type(cure)).status).toBe(0);
    expect(await verify('devcert verify localhost:8443 --roots system')).toEqual({});
  });

  test('an expired leaf, a wrong name and a leaf without its issuer on a live server', async () => {
    const { type, verify, start, project, doctor } = await brokenMachine();
    writeFileSync(join(project, 'server.mjs'), SERVER);
    const past = clock(project, -20);
    await type(`NODE_OPTIONS='--import ${past}' devcert localhost --days 9 && devcert install`);
    let server = await start('node server.mjs 8443');
    const restart = async (line = 'node server.mjs 8443') => {
      await server.stop();
      server = await start(line);
    };
    const expired = await verify('devcert verify localhost:8443');
    expect(Object.keys(expired)).toEqual(['expired']);
    expect((await type(typed(expired.expired))).status).toBe(0);
    // On the disk all is well, and the server has to be told.
    const old = only(await doctor());
    expect(old).toMatchObject({
      check: 'served',
      cure: expect.stringMatching(/restart .*: node, process \d+/) as string,
    });
    await restart();
    expect(await verify('devcert verify localhost:8443')).toEqual({});
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });

    const unknown = await verify('devcert verify api.test:8443');
    expect(unknown).toEqual({ 'name-unknown': 'devcert hosts add api.test' });
    await type(typed(unknown['name-unknown']));
    const wrong = await verify('devcert verify api.test:8443');
    expect(Object.keys(wrong)).toEqual(['wrong-name']);
    expect((await type(typed(wrong['wrong-name']))).status).toBe(0);
    await restart();
    expect(await verify('devcert verify api.test:8443')).toEqual({});
    expect(await verify('devcert verify localhost:8443')).toEqual({});

    const [leaf = ''] = readFileSync(join(project, '.devcert/cert.pem'), 'utf8').split(
      /(?<=-----END CERTIFICATE-----\n)/,
    );
    writeFileSync(join(project, 'leaf.pem'), leaf);
    await restart('node server.mjs 8443 leaf.pem');
    const short = await verify('devcert verify localhost:8443');
    expect(short['missing-issuer']).toContain('all of cert.pem, leaf and issuer');
    await restart('node server.mjs 8443 .devcert/cert.pem');
    expect(await verify('devcert verify localhost:8443')).toEqual({});
  });

  test('the key of another certificate', async () => {
    const { type, project, doctor } = await healthy();
    await type('devcert other.test --out other');
    copyFileSync(join(project, 'other/key.pem'), join(project, '.devcert/key.pem'));
    const { problem, cure } = only(await doctor());
    expect(problem).toContain('is not the key of the certificate');
    expect(await type(cure)).toMatchObject({ status: 0 });
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('a CA that was replaced while a server still serves the old chain', async () => {
    const { type, verify, start, doctor } = await healthy();
    const server = await start('node server.mjs 8443');
    expect((await type('devcert ca replace')).status).toBe(0);
    const told = only(await doctor());
    expect(told).toMatchObject({ check: 'served', exitCode: 1 });
    expect(told.problem).toContain('port 8443');
    expect((await type('devcert list')).stdout).toContain('served on port 8443 still old (node,');
    const said = await verify('devcert verify localhost:8443');
    expect(Object.keys(said)).toEqual(['old-authority']);
    expect((await type(typed(said['old-authority']))).status).toBe(0);
    await server.stop();
    await start('node server.mjs 8443');
    expect(await verify('devcert verify localhost:8443')).toEqual({});
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('an expired root', async () => {
    const { type, project, doctor } = await brokenMachine();
    const past = clock(project, -3700);
    await type(`NODE_OPTIONS='--import ${past}' devcert install`);
    await type(`NODE_OPTIONS='--import ${past}' devcert localhost`);
    const first = await doctor();
    expect(first.status).toBe(5);
    const { check, cure } = only(first);
    expect([check, cure]).toEqual(['authority', 'devcert ca replace']);
    expect((await type(cure)).status).toBe(0);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test.runIf(needsTools('faketime'))('a clock that is a year off', async () => {
    const { type, verify, start, doctor } = await healthy('localhost', {
      programs: ['faketime'],
    });
    await start('node server.mjs 8443');
    const behind = 'export FAKETIME_DONT_FAKE_MONOTONIC=1\nfaketime -f -1y';
    const early = await verify(`${behind} devcert verify localhost:8443`);
    expect(early['not-yet-valid']).toContain('set the clock of this machine');
    expect((await type(`${behind} devcert doctor`)).stdout).toContain(
      'set the clock of this machine',
    );
    const ahead = await type('FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f +2y devcert doctor');
    expect(ahead.stdout).toContain('the certificate expired on');
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('an intercepting proxy', async () => {
    const { type, verify, start, project, doctor } = await healthy('localhost api.test', {
      programs: ['curl', 'openssl'],
    });
    await type('devcert hosts add api.test');
    await start('node server.mjs 8443');
    // It answers for every host itself, with a certificate of its own CA.
    const made = await type(
      [
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj '/CN=Corp TLS Inspection CA' -days 9",
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout mitm.key -out mitm.pem -subj '/CN=api.test' -addext subjectAltName=DNS:api.test -CA ca.pem -CAkey ca.key -days 9",
      ].join(' && '),
    );
    expect(made.status, made.stderr).toBe(0);
    writeFileSync(join(project, 'proxy.mjs'), PROXY);
    await start('node proxy.mjs');
    const proxy = 'export HTTPS_PROXY=http://127.0.0.1:3128';
    const page = 'curl -sS --max-time 10 https://api.test:8443/';
    expect((await type(page)).stdout).toBe('hello\n');
    const through = await type(`${proxy}\n${page}`);
    expect([through.status, through.stdout]).toEqual([60, '']);
    const { check, problem, cure } = only(await doctor(proxy));
    expect([check, problem]).toEqual([
      'proxy',
      'HTTPS_PROXY has programs ask a proxy for localhost, api.test',
    ]);
    expect(await type(`${proxy}\n${cure}\n${page}`)).toMatchObject({
      status: 0,
      stdout: 'hello\n',
    });
    expect(await doctor(`${proxy}\n${cure}`)).toMatchObject({ wrong: [], status: 0 });
    // One that is not asked and answers all the same.
    await start('node server.mjs 9443 mitm.pem mitm.key');
    expect(Object.keys(await verify('devcert verify api.test:9443'))).toEqual(['proxy']);
    // Its root among those that a variable adds.
    const { notes } = await doctor('export NODE_EXTRA_CA_CERTS=$PWD/ca.pem');
    expect(notes.map((it) => it.problem)).toContainEqual(
      expect.stringContaining(
        'NODE_EXTRA_CA_CERTS adds a root that can answer in the place of servers: CN=Corp TLS Inspection CA',
      ),
    );
  });

  const browsers = ['chromium', 'firefox-esr'];
  test.runIf(
    needs(
      browsers.every((it) => findProgram(it) !== undefined),
      'Chromium and Firefox',
    ),
  )('trust in one browser only, and a policy that switches it off', async () => {
    const { type, doctor, home } = await brokenMachine({ programs: browsers });
    const firefox = join(home, '.mozilla/firefox');
    await type(
      `mkdir -p '${firefox}/x.default' && certutil -N -d 'sql:${firefox}/x.default' --empty-password &&
         printf '[Profile0]\\nName=x\\nIsRelative=1\\nPath=x.default\\n' > '${firefox}/profiles.ini'`,
    );
    await type('devcert install && devcert localhost');
    const nickname = (await type(`certutil -L -d 'sql:${firefox}/x.default'`)).stdout;
    const [, name = ''] = /^(devcert[^\n]*?) +C,,/m.exec(nickname) ?? [];
    await type(`certutil -D -d 'sql:${firefox}/x.default' -n '${name}'`);
    const { problem, cure } = only(await doctor());
    expect(problem).toMatch(/^Firefox profile "x\.default" .*does not trust the root$/);
    expect((await type(cure)).status).toBe(0);
    const good = await doctor();
    expect(good).toMatchObject({ wrong: [], status: 0 });
    // Both have opened a page: neither is among what could not be tried.
    expect(good.notes.filter(({ check }) => check === 'browsers')).toEqual([]);

    const policy = '/etc/chromium/policies/managed/corp.json';
    await type(
      `mkdir -p /etc/chromium/policies/managed && printf '{"CAPlatformIntegrationEnabled":false}' > ${policy}`,
    );
    const off = only(await doctor());
    expect(off).toMatchObject({ check: 'policies', cure: `rm ${policy}` });
    await type(off.cure);
    expect(await doctor()).toMatchObject({ wrong: [], status: 0 });
  });

  test('in WSL with interop off', async () => {
    const { type, doctor } = await healthy();
    await type("mkdir /run/WSL && printf '#!/bin/sh\\n' > ../wslpath && chmod +x ../wslpath");
    const { notes, wrong } = await doctor('export WSL_DISTRO_NAME=Debian PATH="$PATH:$HOME"');
    expect(wrong).toEqual([]);
    const told = notes.find(({ problem }) => problem.includes('interop is off'));
    expect(told?.cure).toContain('[interop] enabled=true');
  });
});

/** Takes CONNECT and answers itself; whatever it was asked for. */
const PROXY = `
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { TLSSocket } from 'node:tls';
const own = { cert: readFileSync('mitm.pem'), key: readFileSync('mitm.key') };
const proxy = createServer();
proxy.on('connect', (_, socket) => {
  socket.write('HTTP/1.1 200 OK\\r\\n\\r\\n');
  socket.on('error', () => undefined);
  new TLSSocket(socket, { isServer: true, ...own }).on('error', () => undefined)
    .once('data', function () { this.end('HTTP/1.1 200 OK\\r\\ncontent-length: 7\\r\\n\\r\\nfooled\\n'); });
});
proxy.listen(3128, '127.0.0.1', () => console.log('listens'));
`;
