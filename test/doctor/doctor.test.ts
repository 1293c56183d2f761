/** `doctor` and its checks over machines that do not exist. */
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { dirname, join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { describe, expect, test } from 'vitest';
import type { Command, CommandResult } from '../../platform/types.ts';
import type { Context } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { currentRoot } from '../../src/commands/roots.ts';
import { status } from '../../src/commands/status.ts';
import { checkLines, doctorLines } from '../../src/cli/check.ts';
import { check } from '../../src/doctor/check.ts';
import { authorityCheck, stateCheck } from '../../src/doctor/authority.ts';
import { doctor } from '../../src/doctor/doctor.ts';
import { exitCodeOf, finding } from '../../src/doctor/finding.ts';
import { handshakesCheck } from '../../src/doctor/handshakes.ts';
import type { Check } from '../../src/doctor/machine.ts';
import { namesCheck } from '../../src/doctor/names.ts';
import { policiesCheck } from '../../src/doctor/policies.ts';
import { proxyCheck } from '../../src/doctor/proxy.ts';
import { othersCheck } from '../../src/doctor/others.ts';
import { orphansCheck, storeFindings, storesCheck } from '../../src/doctor/stores.ts';
import { variablesCheck } from '../../src/doctor/variables.ts';
import { DevcertError } from '../../src/errors.ts';
import { DAY_MS } from '../../src/policy.ts';
import { recorder, stateAt } from '../helpers/host.ts';
import { hasModes } from '../helpers/can.ts';
import { make } from '../inspect/certificates.ts';
import { projectMachine, type MemoryStoreOptions } from '../helpers/stores.ts';

/** A machine that trusts its authority, with a certificate in the project. */
async function healthy(names = ['localhost'], stores?: readonly MemoryStoreOptions[]) {
  const made = projectMachine(stores);
  // Without it newer versions of Node are asked, who know this machine's own roots.
  const bundle = join(made.context.host.sysroot, 'etc/ssl/certs/ca-certificates.crt');
  mkdirSync(dirname(bundle), { recursive: true });
  writeFileSync(bundle, rootCertificates[0] ?? '');
  await install(made.context);
  await issue(made.context, names);
  return made;
}

/** The same with something else on the machine. */
function on(context: Context, host: Partial<Context['host']>): Context {
  return { ...context, host: { ...context.host, ...host } };
}

const found = async (context: Context, check: Check) =>
  (await doctor(context, undefined, [check])).findings;

const ended = (result: Partial<CommandResult> = {}): Promise<CommandResult> =>
  Promise.resolve({ exitCode: 0, stdout: '', stderr: '', ...result });

describe('doctor()', () => {
  test('finds nothing on a machine where all is well', async () => {
    const { context } = await healthy();
    const result = await doctor(context);
    expect(result).toMatchObject({ findings: [], exitCode: 0 });
    const plain = (text: string) => text;
    const lines = doctorLines(result, { good: plain, bad: plain, dim: plain }).join(' ');
    expect(lines).toMatch(/^Nothing is wrong\. Looked at: .*trust stores/);
  });

  test('makes a finding of what a check throws, and of a state folder that is refused', async () => {
    const { context } = await healthy();
    const error = new DevcertError('file', 'cannot read it', { hint: { command: 'status' } });
    const throwing: Check = {
      id: 'x',
      about: 'x',
      run: () => {
        throw error;
      },
    };
    const expected = { problem: 'cannot read it', cure: 'devcert status', exitCode: 1 };
    expect(await found(context, throwing)).toMatchObject([{ check: 'x', ...expected }]);
    const refused = await doctor(context, error);
    expect(refused).toMatchObject({ findings: [{ check: 'state', ...expected }], exitCode: 1 });
  });

  test('what two checks find is told once', async () => {
    const { context } = await healthy();
    const one = finding('x', 'other', 'no room', 'make some');
    const check = { id: 'x', about: 'x', run: () => [one] };
    expect((await doctor(context, undefined, [check, check])).findings).toEqual([one]);
  });

  test('a bug in a check stays a bug', async () => {
    const { context } = await healthy();
    const run = () => {
      throw new TypeError('bug');
    };
    await expect(found(context, { id: 'x', about: 'x', run })).rejects.toThrow('bug');
  });

  test('tells which check is done, and ends programs when the time for all is over', async () => {
    const { context } = await healthy();
    const told: string[] = [];
    const limits: (number | undefined)[] = [];
    const run = (command: Command) => {
      limits.push(command.timeoutMs);
      return ended();
    };
    const asking: Check = {
      id: 'x',
      about: 'programs',
      run: async ({ context: { host } }) => {
        await host.run({ file: 'slow', args: [], timeoutMs: 60_000 });
        return [];
      },
    };
    const watched = { ...on(context, { run }), progress: (doing: string) => told.push(doing) };
    await doctor(watched, undefined, [asking]);
    expect(told).toEqual(['1 of 1: programs']);
    expect(limits[0]).toBeLessThan(10_000);
  });

  test('exit codes: no authority, then expiry, then trust, then the rest; notes do not count', () => {
    const of = (...weights: Parameters<typeof finding>[1][]) =>
      exitCodeOf(weights.map((weight) => finding('x', weight, 'a', 'b')));
    expect(of()).toBe(0);
    expect(of('note')).toBe(0);
    expect(of('other', 'note')).toBe(1);
    expect(of('other', 'trust')).toBe(4);
    expect(of('trust', 'expiry')).toBe(5);
    expect(of('expiry', 'missing')).toBe(3);
  });
});

describe('stores', () => {
  test('what is wrong counts exactly where status says that the root is not trusted', async () => {
    const kinds: readonly MemoryStoreOptions[][] = [
      [{}],
      [{ behaviour: 'fails' }],
      [{ unavailable: { reason: 'locked', needed: true } }],
      [{ unavailable: { reason: 'nothing here', needed: false } }, {}],
      [{ unavailable: { reason: 'nothing here', needed: false } }],
      [{ behaviour: 'fails', lacks: { program: 'certutil' } }],
      [{ behaviour: 'fails', lacks: { program: 'certutil' } }, {}],
      [],
    ];
    for (const stores of kinds) {
      const { context } = await healthy(['localhost'], stores);
      const { stores: reports, exitCode } = await status(context);
      expect({ stores, code: exitCodeOf(storeFindings(reports, undefined)) }).toEqual({
        stores,
        code: exitCode,
      });
      expect(exitCodeOf(await found(context, storesCheck))).toBe(exitCode);
    }
  });

  test('what nobody needs and somebody could do something about is a note, and no end of check', async () => {
    const unstarted = { reason: 'never started', hint: 'start it once', needed: false };
    const { context } = await healthy(
      ['localhost'],
      [{}, { name: 'Firefox', unavailable: unstarted }],
    );
    expect(await found(context, storesCheck)).toMatchObject([
      { problem: 'Firefox: never started', cure: 'start it once', exitCode: 0 },
    ]);
    expect((await check(context)).findings).toEqual([]);
    const lacking = await healthy(['localhost'], [{}, { lacks: { program: 'certutil' } }]);
    const result = await check(lacking.context);
    expect(result.exitCode).toBe(0);
    const plain = (text: string) => text;
    const lines = checkLines(result, { good: plain, bad: plain, dim: plain });
    expect(lines.at(-1)).toMatch(/^good: localhost/);
  });

  test('a root that no state folder knows is an orphan', async () => {
    const { context, base } = await healthy();
    const again = { ...context, ...stateAt(join(base, 'state-2')) };
    expect(await found(context, orphansCheck)).toEqual([]);
    await install(again);
    expect(await found(context, orphansCheck)).toMatchObject([
      { cure: 'devcert uninstall --orphans', exitCode: 1 },
    ]);
  });
});

describe('dates and files', () => {
  test('authority and certificate that end soon, have ended, or begin later', async () => {
    const { context } = await healthy();
    const at = async (days: number) => {
      const now = new Date(context.host.now().getTime() + days * DAY_MS);
      return found(on(context, { now: () => now }), authorityCheck);
    };
    expect(await at(1)).toEqual([]);
    expect(await at(380)).toMatchObject([{ check: 'project', cure: 'devcert', exitCode: 5 }]);
    const soon = (await at(3640)).filter(({ check }) => check === 'authority');
    expect(soon).toMatchObject([{ cure: 'devcert ca replace', exitCode: 5 }]);
    const over = (await at(3700)).filter(({ check }) => check === 'authority');
    expect(over).toMatchObject([
      { exitCode: 5, cure: expect.stringContaining('ca replace') as string },
    ]);
    const early = await at(-300);
    expect(early.map(({ check }) => check)).toEqual(['clock', 'clock']);
    expect(early.every(({ cure }) => cure === 'set the clock of this machine')).toBe(true);
  });

  test.runIf(hasModes)('a folder that cannot be written and keys that others read', async () => {
    const { context } = await healthy();
    expect(await found(context, stateCheck)).toEqual([]);
    const key = join(context.cwd, '.devcert/key.pem');
    chmodSync(key, 0o640);
    chmodSync(context.folder, 0o500);
    const cures = (await found(context, stateCheck)).map(({ cure }) => cure);
    chmodSync(context.folder, 0o700);
    expect(cures).toEqual([`chmod u+rwx ${context.folder}`, `chmod 600 ${key}`]);
  });

  test('other development CAs are notes', async () => {
    const { context } = await healthy();
    const home = context.host.home ?? '';
    expect(await found(context, othersCheck)).toEqual([]);
    for (const file of [
      '.local/share/mkcert/rootCA.pem',
      '.config/devcert/certificate-authority/certificate.cert',
      '.local/share/caddy/pki/authorities/local/root.crt',
    ]) {
      mkdirSync(dirname(join(home, file)), { recursive: true });
      writeFileSync(join(home, file), '');
    }
    const notes = await found(on(context, { env: { container: 'podman' } }), othersCheck);
    expect(notes.map(({ problem, exitCode }) => [problem.split(' ')[0], exitCode])).toEqual([
      ['mkcert', 0],
      ['the', 0],
      ['Caddy', 0],
      ['this', 0],
    ]);
  });
});

describe('names', () => {
  test('those that do not resolve, or to another machine; never those of the hosts file', async () => {
    const { context } = await healthy(['a.test', 'b.test', 'c.test', 'd.localhost', '127.0.0.1']);
    const { sysroot } = context.host;
    mkdirSync(join(sysroot, 'etc'), { recursive: true });
    writeFileSync(join(sysroot, 'etc/hosts'), '127.0.0.1 a.test\n');
    const asked: string[][] = [];
    const run = ({ args }: Command) => {
      const names = args.slice(2);
      asked.push(names);
      const answers: Record<string, string[]> = { 'b.test': ['192.0.2.7'], localhost: ['::1'] };
      return ended({ stdout: JSON.stringify(names.map((name) => answers[name] ?? [])) });
    };
    const names = await found(on(context, { run }), namesCheck);
    expect(asked).toEqual([['localhost', 'b.test', 'c.test', 'd.localhost']]);
    expect(names.map(({ cure, exitCode }) => [cure, exitCode])).toEqual([
      ['if it is to be this one: devcert hosts add b.test', 0],
      ['devcert hosts add c.test', 1],
      ['devcert hosts add d.localhost', 0],
    ]);
    const own = () => ended({ stdout: '[["::1"],["127.0.0.1"],["::1"],["127.0.1.1"]]' });
    expect(await found(on(context, { run: own }), namesCheck)).toEqual([]);
    const hanging = () => ended({ exitCode: undefined, failure: 'timeout' });
    expect(exitCodeOf(await found(on(context, { run: hanging }), namesCheck))).toBe(1);
  });

  test('localhost itself, where the hosts file is gone', async () => {
    const { context } = await healthy();
    const nothing = () => ended({ stdout: '[[]]' });
    expect(await found(on(context, { run: nothing }), namesCheck)).toMatchObject([
      {
        problem: '"localhost" does not resolve on this machine',
        cure: 'devcert hosts add localhost',
        exitCode: 1,
      },
    ]);
  });
});

describe('what is in the way of a file', () => {
  const states: [string, (certFile: string) => void, RegExp, string][] = [
    [
      'a folder in the place of the certificate',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
      /cert\.pem" is a folder, not a file/,
      'move "cert.pem" out of',
    ],
    [
      'something else in the place of the certificate',
      (file) => {
        writeFileSync(file, 'torn');
      },
      /cert\.pem" is not a certificate/,
      'devcert localhost --force',
    ],
    // Windows, and Node from 22 on, say that there is no such file.
    ...(hasModes && Number.parseInt(process.versions.node) < 22
      ? [
          [
            'a file in the place of the folder',
            (file) => {
              rmSync(dirname(file), { recursive: true });
              writeFileSync(dirname(file), '');
            },
            /\.devcert.*(?:is not a folder|not a directory)/,
            '',
          ] as [string, (certFile: string) => void, RegExp, string],
        ]
      : []),
  ];
  test.each(states)('%s is a finding', async (_, spoil, problem, cure) => {
    const { context } = await healthy();
    spoil(join(context.cwd, '.devcert/cert.pem'));
    const [told] = (await doctor(context, undefined, [stateCheck])).findings;
    expect(told?.problem).toMatch(problem);
    expect(told?.cure).toContain(cure);
    expect(told?.exitCode).toBe(1);
  });

  test('no folder for what is temporary', async () => {
    const { context } = await healthy();
    const { TMPDIR, TEMP } = process.env;
    process.env.TMPDIR = process.env.TEMP = join(context.cwd, 'nowhere');
    try {
      const told = await found(on(context, { find: (it) => `/usr/bin/${it}` }), handshakesCheck);
      expect(told).toMatchObject([
        { exitCode: 1, problem: expect.stringContaining('nowhere') as string },
      ]);
    } finally {
      for (const [name, value] of Object.entries({ TMPDIR, TEMP }))
        if (value === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = value;
    }
  });
});

describe('variables', () => {
  test('files without the root, or that cannot be read; and verification that is off', async () => {
    const { context } = await healthy();
    const root = await currentRoot(context.folder);
    const file = (name: string, text: string) => {
      const path = join(context.cwd, name);
      writeFileSync(path, text);
      return path;
    };
    const env = {
      SSL_CERT_FILE: file('without.pem', '# corporate\n'),
      NODE_EXTRA_CA_CERTS: file('with.pem', `# corporate\n${root?.pem.replaceAll('\n', '\r\n')}`),
      REQUESTS_CA_BUNDLE: join(context.cwd, 'missing.pem'),
      CURL_CA_BUNDLE: '',
      NODE_TLS_REJECT_UNAUTHORIZED: '0',
    };
    const wrong = await found(on(context, { env }), variablesCheck);
    expect(
      wrong.map(({ problem, cure, exitCode }) => [problem.split(/[ =]/)[0], cure, exitCode]),
    ).toEqual([
      ['NODE_TLS_REJECT_UNAUTHORIZED', 'unset NODE_TLS_REJECT_UNAUTHORIZED', 1],
      ['SSL_CERT_FILE', 'eval "$(devcert env)"', 4],
      ['REQUESTS_CA_BUNDLE', 'eval "$(devcert env)"', 4],
    ]);
  });
});

describe('proxies', () => {
  test('names that programs would ask a proxy for, and a line that has them left out', async () => {
    const { context } = await healthy(['localhost', 'api.test', '*.app.test', '127.0.0.1']);
    const asks = (env: Record<string, string>) => found(on(context, { env }), proxyCheck);
    const proxy = { https_proxy: 'http://ada:secret@proxy.corp:3128' };
    expect(await asks({})).toEqual([]);
    expect(await asks(proxy)).toMatchObject([
      {
        problem: 'https_proxy has programs ask a proxy for localhost, api.test, app.test',
        cure: 'export NO_PROXY=localhost,api.test,app.test no_proxy=localhost,api.test,app.test',
        exitCode: 1,
      },
    ]);
    expect(await asks({ ...proxy, NO_PROXY: 'localhost, .TEST' })).toEqual([]);
    expect(await asks({ ...proxy, NO_PROXY: '*' })).toEqual([]);
    // What one of the two leaves out counts for some programs only.
    const half = { ...proxy, NO_PROXY: 'localhost,test:8443', no_proxy: 'localhost,test.corp' };
    const [told] = await asks(half);
    expect(told?.problem).toContain('for api.test, app.test');
    expect(told?.cure).toContain('NO_PROXY=localhost,test:8443,test.corp,api.test,app.test no_');
    const windows = await found(on(context, { env: proxy, platform: 'win32' }), proxyCheck);
    expect(windows[0]?.cure).toMatch(/^\$env:NO_PROXY = 'localhost,api\.test/);
  });

  test('roots of proxies among the system’s, and of others in a file that a variable names', async () => {
    const { context } = await healthy();
    const rootCalled = (commonName: string) =>
      make({ authority: true, subject: { commonName } }).pem;
    const own = await currentRoot(context.folder);
    const foreign = rootCalled('Corp TLS Inspection CA');
    const other = rootCalled('Ada');
    const bundle = join(context.host.sysroot, 'etc/ssl/certs/ca-certificates.crt');
    const extra = join(context.cwd, 'extra.pem');
    writeFileSync(extra, [own?.pem, other, foreign, rootCertificates[0]].join('\n'));
    writeFileSync(bundle, [rootCertificates[0], foreign, 'torn'].join('\n'));
    const env = { NODE_EXTRA_CA_CERTS: extra, SSL_CERT_FILE: extra };
    const told = await found(on(context, { env }), proxyCheck);
    expect(told.map(({ problem, exitCode }) => [problem, exitCode])).toEqual([
      [
        'the system trusts a root that can answer in the place of servers: CN=Corp TLS Inspection CA',
        0,
      ],
      ['NODE_EXTRA_CA_CERTS adds a root that can answer in the place of servers: CN=Ada', 0],
    ]);
  });
});

describe('policies', () => {
  test('of Chromium that switch the user’s roots off, with what takes them out', async () => {
    const { context } = await healthy();
    const { sysroot } = context.host;
    const write = (file: string, text: string) => {
      mkdirSync(dirname(join(sysroot, file)), { recursive: true });
      writeFileSync(join(sysroot, file), text);
    };
    write('etc/chromium/policies/managed/a.json', '{"CAPlatformIntegrationEnabled": true}');
    write('etc/chromium/policies/managed/torn.json', '{"CAPlatformIntegrationEnabled": false');
    expect(await found(context, policiesCheck)).toEqual([]);
    write('etc/opt/chrome/policies/managed/our own.json', '{"CAPlatformIntegrationEnabled":false}');
    write('etc/brave/policies/managed/b.json', '{"CAPlatformIntegrationEnabled":false,"Other":1}');
    const told = await found(context, policiesCheck);
    expect(told.map(({ cure, exitCode }) => [cure, exitCode])).toEqual([
      ["sudo rm '/etc/opt/chrome/policies/managed/our own.json'", 4],
      [expect.stringContaining('have the administrator take'), 4],
    ]);
  });

  test('of browsers on Windows, by the registry', async () => {
    const { context } = await healthy();
    const { run, lines } = recorder((line) =>
      line.includes('HKCU\\SOFTWARE\\Policies\\Google\\Chrome')
        ? { stdout: '\r\n    CAPlatformIntegrationEnabled    REG_DWORD    0x0\r\n\r\n' }
        : line.includes('Edge')
          ? { stdout: '\r\n    CAPlatformIntegrationEnabled    REG_DWORD    0x1\r\n\r\n' }
          : { exitCode: 1 },
    );
    const windows = on(context, { platform: 'win32', env: {}, run });
    const told = await found(windows, policiesCheck);
    const key = 'HKCU\\SOFTWARE\\Policies\\Google\\Chrome';
    expect(told.map(({ cure }) => cure)).toEqual([
      `reg delete "${key}" /v CAPlatformIntegrationEnabled /f`,
    ]);
    expect(lines).toHaveLength(8);
  });
});

describe('handshakes', () => {
  /** A machine with these programs, each of which ends as `behave` says. */
  function having(
    context: Context,
    programs: readonly string[],
    behave: (url: string, program: string) => Promise<CommandResult>,
    env: Record<string, string> = {},
  ): Context {
    return on(context, {
      env,
      find: (program) => (programs.includes(program) ? `/usr/bin/${program}` : undefined),
      run: ({ file, args }) => {
        const url = /https:[^'"]+/.exec(args.join(' '))?.[0] ?? '';
        return behave(url, file.replace('/usr/bin/', ''));
      },
    });
  }
  const distrusts = () =>
    ended({ exitCode: 60, stderr: 'curl: (60) SSL certificate problem: unable to get issuer' });

  test('a program that opens the page with a real handshake trusts the root', async () => {
    const { context } = await healthy();
    const root = await currentRoot(context.folder);
    const opens = (ca: string | undefined) => (url: string) =>
      new Promise<CommandResult>((resolve) => {
        // The machine does not exist, and neither does its clock.
        get(url, { ca, checkServerIdentity: () => undefined }, (response) => {
          response.resume().on('end', () => void ended().then(resolve));
        }).on('error', ({ message }) => void ended({ exitCode: 1, stderr: message }).then(resolve));
      });
    const real = on(context, { now: () => new Date() });
    expect(await found(having(real, ['curl'], opens(root?.pem)), handshakesCheck)).toEqual([]);
    const refused = await found(having(real, ['curl'], opens(undefined)), handshakesCheck);
    expect(refused).toMatchObject([
      { check: 'handshakes', cure: 'devcert run -- curl', exitCode: 4 },
    ]);
  });

  test('a list of its own is a note; what cannot be tried is one, too', async () => {
    const { context } = await healthy();
    expect(await found(having(context, ['node'], distrusts), handshakesCheck)).toMatchObject([
      { cure: 'devcert run -- node', exitCode: 0 },
    ]);
    const lost = () =>
      ended({ exitCode: 6, stderr: 'curl: (6) Could not resolve host: localhost' });
    expect(await found(having(context, ['curl'], lost), handshakesCheck)).toEqual([]);
    const broken = () => ended({ exitCode: 127, stderr: 'no libphp.so' });
    const [tried] = await found(having(context, ['php'], broken), handshakesCheck);
    expect(tried).toMatchObject({ exitCode: 0 });
    expect(tried?.problem).toContain('could not be tried: no libphp.so');
  });

  test('curl on the TLS of Windows asks for lists of revoked ones: a note, and its own option', async () => {
    const { context } = await healthy();
    const schannel = () =>
      ended({
        exitCode: 35,
        stderr:
          'curl: (35) schannel: next InitializeSecurityContext failed: CRYPT_E_NO_REVOCATION_CHECK (0x80092012)',
      });
    expect(await found(having(context, ['curl'], schannel), handshakesCheck)).toMatchObject([
      { cure: 'curl --ssl-revoke-best-effort', exitCode: 0 },
    ]);
  });

  test('Go is a client without anything to compile: what it writes goes with a folder', async () => {
    const { context } = await healthy();
    const seen: (Command | undefined)[] = [];
    const go = on(context, {
      find: (program) => (program === 'go' ? '/usr/bin/go' : undefined),
      run: (command) => {
        seen.push(command);
        return ended({ exitCode: 1, stderr: 'x509: certificate signed by unknown authority' });
      },
    });
    expect(await found(go, handshakesCheck)).toMatchObject([
      { cure: 'devcert run -- go', exitCode: 4 },
    ]);
    const { GOPROXY, GOMODCACHE = '', GOSUMDB } = seen[0]?.env ?? {};
    expect([GOPROXY, GOSUMDB]).toEqual([expect.stringMatching(/^https:.*\/go$/), 'off']);
    expect(existsSync(dirname(GOMODCACHE))).toBe(false);
  });

  test('what fails because of something that is told already is not told again', async () => {
    const { context, stores } = await healthy();
    const bundle = join(context.cwd, 'corporate.pem');
    writeFileSync(bundle, '');
    const variable = having(context, ['curl'], distrusts, { SSL_CERT_FILE: bundle });
    expect(await found(variable, handshakesCheck)).toEqual([]);
    stores[0]?.roots.clear();
    expect(await found(having(context, ['curl'], distrusts), handshakesCheck)).toEqual([]);
  });
});
