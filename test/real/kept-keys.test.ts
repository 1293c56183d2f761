/**
 * Authorities whose key lies in no open file, end to end on Debian as root: refused before, accepted after,
 * refused after `uninstall`, by curl, Chromium and Java; and no bare key of the authority anywhere.
 */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { publicKeyHash } from '../../src/keys.ts';
import { decodePrivateKeyPem } from '../../src/keystore/private-key.ts';
import { GOOD_HOST, type Pair, STRANGER_HOST } from '../forgeries/cases.ts';
import { ENGINES } from '../forgeries/engines.ts';
import { KEYLESS, type Loot } from '../forgeries/keyless.ts';
import { type NamesServer, serveByName } from '../forgeries/server.ts';
import { freshHome, type Home } from '../helpers/cli.ts';
import { issueFor, makeAuthority } from '../helpers/forge.ts';
import { openKeyHashesIn } from '../helpers/bare-keys.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { startAgent } from '../helpers/openssh-agent.ts';
import { playScenario } from '../helpers/namespace.ts';
import { needs, needsCoveredDebian, needsTools } from '../helpers/require.ts';
import { type Ended } from '../helpers/run.ts';

interface Report {
  readonly made: Ended[];
  readonly before: Record<string, boolean>;
  readonly trust: Ended;
  readonly after: Record<string, boolean>;
  readonly bareKeys: string[];
  /** Files with the key of the authority that are not encrypted. */
  readonly copies: string[];
  /** What OpenSSL made of the authority's files, if there is a key among them. */
  readonly forged?: Record<'without' | 'wrong' | 'right', Ended>;
  readonly status: Ended;
  readonly other: Ended;
  /** Whom a certificate convinced that was signed with another key in the issuer's name. */
  readonly forgery: Record<string, boolean>;
  readonly uninstall: Ended;
  readonly afterUninstall: Record<string, boolean>;
}

const tools = [
  ...['chromium', 'certutil', 'java', 'curl'],
  ...['ssh-agent', 'ssh-add', 'ssh-keygen', 'softhsm2-util', 'pkcs11-tool'],
];
const ready = needsCoveredDebian() && needsTools(...tools);
const all = (opened: boolean) => ({ curl: opened, java: opened, chromium: opened });
const PASSPHRASE = 'correct horse battery';

interface Script {
  readonly make: string[][];
  readonly trust: string[];
  readonly env?: Readonly<Record<string, string>>;
}

async function played(script: Script): Promise<Report> {
  const words = JSON.stringify({ ...script, secret: PASSPHRASE });
  return (await playScenario('kept-keys', words)) as Report;
}

function assertOpened(report: Report): void {
  for (const { status, output } of [...report.made, report.trust])
    expect({ status, output }).toMatchObject({ status: 0 });
  expect(report.before).toEqual(all(false));
  expect(report.after).toEqual(all(true));
  expect(report.uninstall).toMatchObject({ status: 0 });
  expect(report.afterUninstall).toEqual(all(false));
  // The server's own key, which is not the authority's.
  expect(report.bareKeys).toEqual(['/home/shop/.devcert/key.pem']);
  expect(report.copies).toEqual([]);
  expect(report.forgery).toEqual(all(false));
}

const SECRET = ['--ca-password-file', 'SECRET-FILE'];

/** The files alone forge nothing, nobody is asked where nobody is, and status says how the key is kept. */
function assertEncrypted({ forged, other, status }: Report): void {
  expect(forged?.without.status).not.toBe(0);
  expect(forged?.wrong.status).not.toBe(0);
  // So that the two above failed for want of the passphrase.
  expect(forged?.right).toMatchObject({ status: 0 });
  expect(other).toMatchObject({ status: 2 });
  expect(other.output).toContain('the key of the CA "default" needs a passphrase');
  expect(status.output).toContain('"passphrase"');
  expect(status.output).toContain('"earlierRoots": []');
}

describe.runIf(ready)('keys that lie in no open file', () => {
  test('--passphrase', async () => {
    const report = await played({
      make: [
        ['install', '--passphrase', ...SECRET],
        ['localhost', 'api.test', ...SECRET],
        ['uninstall'],
      ],
      trust: ['install'],
    });
    assertOpened(report);
    assertEncrypted(report);
  });

  test('ca protect: another authority in the place of one whose key lay open', async () => {
    const report = await played({
      make: [['install'], ['localhost', 'api.test'], ['ca', 'protect', ...SECRET], ['uninstall']],
      trust: ['install'],
    });
    assertOpened(report);
    assertEncrypted(report);
    expect(report.made[2]?.output).toContain('Issued again: ');
    expect(report.made[2]?.output).toContain('Protected: ');
  });

  test.each(['file', 'token'])('--ssh-agent: OpenSSH’s agent, with a key of a %s', async (kind) => {
    const agent = await startAgent(join(temporaryFolder(), 'agent'));
    onTestFinished(() => {
      agent.kill();
    });
    if (kind === 'token') await agent.addFromToken();
    else await agent.add([await agent.makeKey('devcert')]);
    const [fingerprint = ''] = await agent.list();
    const report = await played({
      make: [['install', '--ssh-agent', fingerprint], ['localhost', 'api.test'], ['uninstall']],
      trust: ['install'],
      env: agent.env,
    });
    assertOpened(report);
    expect(report.status.output).toContain(`"fingerprint": "${fingerprint}"`);
    expect(report.uninstall.output).toContain(`${fingerprint} stays in your SSH agent`);
    // The files alone, without the agent.
    expect(report.other).toMatchObject({ status: 1 });
    expect(report.other.output).toContain('there is no SSH agent');
    // Its key is still there.
    expect(await agent.list()).toEqual([fingerprint]);
  });

  test('--sealed', async () => {
    const report = await played({
      // Taken out again first: a certificate alone is trusted by nobody.
      make: [['install', '--sealed', 'localhost', 'api.test'], ['uninstall']],
      trust: ['install'],
    });
    assertOpened(report);
    expect(report.status.output).toContain('"sealed"');
    expect(report.other).toMatchObject({ status: 6 });
    expect(report.other.output).toContain('devcert install --sealed other.test');
  });
});

// `install --sealed --help`: nobody can certify anything else with it.
describe('with every file of a sealed authority, what is signed for other permitted names', () => {
  const folder = mkdtempSync(join(tmpdir(), 'devcert-sealed-'));
  const ca = join(folder, 'ca.pem');
  let home: Home;
  let server: NamesServer;
  const hosts = Object.keys(KEYLESS).map((id) => `${id}.${GOOD_HOST}`);

  beforeAll(async () => {
    home = freshHome(join(folder, 'home'));
    const temporary = join(home.home, 'temporary');
    mkdirSync(temporary);
    const env = { TMPDIR: temporary };
    // Not the first one: what an earlier authority left would be there, too.
    expect(await home.run(['first.test'], { env })).toMatchObject({ status: 0 });
    const args = ['install', '--sealed', GOOD_HOST, '--stores', 'nss'];
    expect(await home.run(args, { env })).toMatchObject({ status: 0 });
    const loot = lootIn(home);
    writeFileSync(ca, loot.root.toString());
    const own = join(home.project, '.devcert');
    const pairs = new Map<string, Pair>([
      [
        GOOD_HOST,
        {
          certPem: readFileSync(join(own, 'cert.pem'), 'utf8'),
          keyPem: readFileSync(join(own, 'key.pem'), 'utf8'),
        },
      ],
      [STRANGER_HOST, await issueFor(await makeAuthority(), [STRANGER_HOST])],
    ]);
    for (const [id, attempt] of Object.entries(KEYLESS)) {
      const host = `${id}.${GOOD_HOST}`;
      pairs.set(host, await attempt(loot, host));
    }
    server = await serveByName(pairs);
  });

  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('no file holds another key than that of the certificate', () => {
    const keys = openKeyHashesIn(home.home);
    expect(keys).toEqual([publicKeyHash(lootIn(home).leaf.publicKey)]);
  });

  for (const name of ['OpenSSL', 'curl', 'Node', 'Java', 'GnuTLS', 'Chromium', 'Firefox'])
    test(`is refused by ${name}`, async ({ skip }) => {
      const engine = ENGINES.find((it) => it.name === name);
      const programs = (await engine?.find()) ?? [];
      if (programs.length === 0 && !needs(false, name)) skip();
      for (const program of programs) {
        const all = [GOOD_HOST, STRANGER_HOST, ...hosts];
        const taken = await engine?.visit(program, all, { server, folder, ca });
        expect({ program, taken }).toEqual({ program, taken: [GOOD_HOST] });
      }
    });
});

function lootIn({ state, project }: Home): Loot {
  const read = (...path: string[]) => readFileSync(join(...path), 'utf8');
  const key = decodePrivateKeyPem(read(project, '.devcert/key.pem'));
  if (key === undefined) throw new Error('the certificate has no key');
  return {
    root: new X509Certificate(read(state, 'root.pem')),
    issuer: new X509Certificate(read(state, 'issuer.pem')),
    leaf: new X509Certificate(read(project, '.devcert/cert.pem')),
    key,
  };
}
