/** zlint, which browsers hold public CAs to, as a second opinion on every certificate that devcert makes. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createNamed, importAuthority } from '../../src/commands/ca.ts';
import { type Context, contextOf } from '../../src/commands/context.ts';
import { csr } from '../../src/commands/csr.ts';
import { install } from '../../src/commands/install.ts';
import { issue } from '../../src/commands/issue.ts';
import { mtls } from '../../src/commands/mtls.ts';
import { sign } from '../../src/commands/sign.ts';
import { keyTypes } from '../../src/keys.ts';
import { decodePem, encodePem } from '../../src/keystore/pem.ts';
import { readUsages } from '../../src/x509/read.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { cached } from '../helpers/recipe-server.ts';
import { needs } from '../helpers/require.ts';
import { findProgram, run } from '../helpers/run.ts';
import { projectMachine } from '../helpers/stores.ts';
import { type Breaker, broken } from './zlint-rules.ts';

const VERSION = 'v3.7.3';
const hasGo = findProgram('go') !== undefined;

/** The program; undefined if the module proxy is out of reach, or this Go is too old for it. */
async function zlint(): Promise<string | undefined> {
  const folder = await cached(`zlint-${VERSION}`, (folder) =>
    run('go', ['install', `github.com/zmap/zlint/v3/cmd/zlint@${VERSION}`], {
      env: { GOBIN: folder },
      timeoutMs: 300_000,
    }),
  );
  return folder === undefined ? undefined : join(folder, 'zlint');
}

test(
  'every profile passes zlint but for what is told in a table',
  { timeout: 500_000 },
  async (context) => {
    if (!needs(hasGo, 'go (golang-go)')) return context.skip();
    const program = await zlint();
    if (program === undefined) {
      console.warn('skipped: zlint does not build here');
      return context.skip();
    }
    const certificates = await everyProfile();
    expect(certificates.length).toBeGreaterThan(30);
    const folder = temporaryFolder();
    const files = certificates.map((der, index) => {
      const file = join(folder, `${String(index).padStart(3, '0')}.pem`);
      writeFileSync(file, encodePem('CERTIFICATE', der));
      return file;
    });
    const ran = await run(program, files, { timeoutMs: 120_000 });
    const verdicts = ran.output
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, { result: string }>);
    expect(verdicts).toHaveLength(certificates.length);

    const found = new Set<string>();
    for (const [index, verdict] of verdicts.entries()) {
      const der = certificates[index] ?? Buffer.alloc(0);
      const who = breakerOf(der);
      for (const [rule, { result }] of Object.entries(verdict)) {
        if (!['warn', 'error', 'fatal'].includes(result)) continue;
        const isKnown = broken[rule]?.by.includes(who) === true;
        if (!isKnown) found.add(`${rule} by a ${who}: ${new X509Certificate(der).toString()}`);
        else found.add(`${rule} ${who}`);
      }
    }
    // Exactly these: a rule that nobody breaks any more has no place in the table.
    expect([...found].sort()).toEqual(
      Object.entries(broken)
        .flatMap(([rule, { by }]) => by.map((who) => `${rule} ${who}`))
        .sort(),
    );
  },
);

function breakerOf(der: Buffer): Breaker {
  const x509 = new X509Certificate(der);
  if (x509.ca) return x509.issuer === x509.subject ? 'root' : 'issuer';
  return readUsages(der).includes('serverAuth') ? 'server' : 'client';
}

const NAMES = ['localhost', 'api.test', '*.app.localhost', 'bücher.test', '127.0.0.1', '::1'];

/** DER of each certificate that the command can make, and of the authorities above, each once. */
async function everyProfile(): Promise<Buffer[]> {
  const { context, base } = projectMachine(undefined, { now: () => new Date() });
  const out = (name: string) => ({ out: join(base, 'made', name) });
  await install(context, {});
  for (const key of keyTypes) await issue(context, NAMES, { key, ...out(`server-${key}`) });
  await issue(context, ['10.0.0.1'], out('ip'));
  await issue(context, ['localhost'], { days: 825, ...out('long') });
  for (const key of keyTypes)
    await issue(context, ['alice'], { client: true, key, ...out(`client-${key}`) });
  for (const [index, name] of ['alice@example.test', 'spiffe://app.test/x'].entries())
    await issue(context, [name], { client: true, ...out(`client-${index}`) });
  await issue(context, ['node.test'], { peer: true, ...out('peer') });
  for (const [name, options] of Object.entries({
    team: { permit: ['corp.example'] },
    free: { constraints: false },
    people: { clientsOnly: true },
  })) {
    await createNamed(context, name, options);
    const isClient = name === 'people';
    const names = isClient
      ? ['bob']
      : ['localhost', 'shop.corp.example'].slice(0, name === 'team' ? 2 : 1);
    await issue(contextOf(context, name), names, { client: isClient, ...out(name) });
  }
  await imported(context, base);
  for (const name of ['imported', 'below'])
    await issue(contextOf(context, name), ['localhost'], out(name));
  await csr(context, ['signed.test'], out('csr'));
  await sign(context, readFileSync(join(base, 'made/csr/csr.pem')), out('signed'));
  await mtls(context, 'set', { client: ['web'], ...out('mtls') });
  const sealed = projectMachine(undefined, { now: () => new Date() });
  await install(sealed.context, { sealed: ['api.test', '127.0.0.1'], ...out('sealed') });
  return certificatesIn(base);
}

/** A root with its key, and an intermediate with its own below that root, as OpenSSL makes them, with keys of RSA. */
async function imported(context: Context, base: string): Promise<void> {
  const folder = join(base, 'other');
  mkdirSync(folder);
  const at = (name: string) => join(folder, name);
  const must = async (...args: string[]) => {
    expect(await run('openssl', args, { cwd: folder })).toMatchObject({ status: 0 });
  };
  const usages = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  const ca = ['-addext', 'basicConstraints=critical,CA:TRUE', '-days', '3650', '-nodes', ...usages];
  await must(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-keyout', 'root.key', '-out', 'root.pem'],
    ...['-subj', '/CN=Imported root', ...ca],
  );
  await importAuthority(context, [at('root.pem'), at('root.key')], { name: 'imported' });
  const below = ['-addext', 'basicConstraints=critical,CA:TRUE,pathlen:0', '-days', '1800'];
  await must(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-keyout', 'below.key', '-out', 'below.pem'],
    ...['-subj', '/O=Somebody else/CN=Imported intermediate', ...below, '-nodes', ...usages],
    ...['-CA', 'root.pem', '-CAkey', 'root.key'],
  );
  const chain = [at('below.pem'), at('below.key'), at('root.pem')];
  await importAuthority(context, chain, { name: 'below' });
}

function certificatesIn(base: string): Buffer[] {
  const made = readdirSync(base, { recursive: true, encoding: 'utf8' })
    .map((name) => join(base, name))
    .filter((file) => file.endsWith('.pem') && statSync(file).isFile())
    .flatMap((file) => decodePem(readFileSync(file)))
    .filter(({ label }) => label === 'CERTIFICATE')
    .map(({ der }) => der);
  return [...new Map(made.map((der) => [der.toString('latin1'), der])).values()];
}
