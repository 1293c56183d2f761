/**
 * Runs inside a mount namespace of its own (`unshare -m`), as root, in a home that is fresh: an authority
 * whose key lies in no file that is open, with curl, Chromium and Java before `install`, after it and after
 * `uninstall`, and a search for keys. Prints as JSON what happened. Bundled by the test.
 */
import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { generateKey } from '../../src/keys.ts';
import { parseName } from '../../src/names/names.ts';
import { keySigner } from '../../src/signer/key.ts';
import { authorityKeysIn, filesWithKey, openKeysIn } from './bare-keys.ts';
import { openInChromium } from './browsers.ts';
import { cover, must } from './covered.ts';
import { forgeLeaf } from './forge.ts';
import { untilListens } from './ports.ts';
import { run } from './run.ts';

const [, , base = '', checkout = '', script = '[]'] = process.argv;
/** What is typed: first what leaves a certificate, then what has it trusted. */
const {
  make,
  trust,
  secret,
  env: own = {},
} = JSON.parse(script) as {
  make: string[][];
  trust: string[];
  secret: string;
  /** Of devcert alone, until the files are all that is left. */
  env?: Record<string, string>;
};
const PORT = 8444;
const PAGE = 'hello';
cover(
  [
    '/etc/ssl',
    '/usr/local/share/ca-certificates',
    '/var/lib/dpkg',
    '/var/lib/ca-certificates-java',
    '/var/log',
    '/tmp',
  ].filter((folder) => existsSync(folder) && !base.startsWith(`${folder}/`)),
  base,
);
const home = join(base, 'home');
const state = join(home, '.config/devcert-nodejs');
const project = join(home, 'shop');
const temporary = join(base, 'temporary');
for (const folder of [project, temporary]) mkdirSync(folder, { recursive: true });
const secretFile = join(base, 'secret');
writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
const clean = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
const env = {
  ...clean,
  ...{ PATH: process.env.PATH ?? '', HOME: home, TMPDIR: temporary, NO_COLOR: '1', LC_ALL: 'C' },
};

function devcert(args: readonly string[], more = own) {
  const cli = join(checkout, 'dist/bin/devcert.cjs');
  const typed = args.map((it) => (it === 'SECRET-FILE' ? secretFile : it));
  return run(process.execPath, [cli, ...typed], { cwd: project, env: { ...env, ...more } });
}

async function clients(port = PORT): Promise<Record<string, boolean>> {
  const url = `https://localhost:${port}/`;
  const curl = await run('curl', ['-sS', url], { env });
  const java = join(checkout, 'test/helpers/TlsClient.java');
  const javaRan = await run('java', [java, 'default', `localhost:${port}`], { env });
  return {
    curl: curl.status === 0 && curl.output.includes(PAGE),
    java: javaRan.output.includes(' ok'),
    chromium: (await openInChromium(url, { home })).ok,
  };
}

/** Files of this test with a private key that opens without a password. */
const bareKeys = () => openKeysIn(base).map((name) => `/${name}`);

/** Files in which the authority's key, opened with its passphrase, stands in any encoding. */
const copiesOfKeys = () =>
  authorityKeysIn(state, secret).flatMap((key) => filesWithKey(base, key).map((it) => `/${it}`));

/** What a thief makes of the files of the authority, with OpenSSL. @param passin as that takes it. */
async function forge(...passin: string[]) {
  const [csr, key, config] = ['csr.pem', 'key.pem', 'config'].map((it) => join(temporary, it));
  const openssl = (...args: string[]) => run('openssl', args, { cwd: temporary, env });
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl('req', ...made, '-subj', '/O=thief', '-keyout', key ?? '', '-out', csr ?? '');
  writeFileSync(config ?? '', 'subjectAltName=DNS:localhost\n');
  const issuer = ['-CA', join(state, 'issuer.pem'), '-CAkey', join(state, 'issuer-key.pem')];
  const rest = [
    '-CAcreateserial',
    '-CAserial',
    join(temporary, 'serial'),
    '-extfile',
    config ?? '',
  ];
  const signing = ['x509', '-req', '-in', csr ?? '', ...issuer, ...rest, ...passin];
  const forged = await openssl(...signing, '-out', join(temporary, 'forged.pem'));
  rmSync(key ?? '');
  return forged;
}

/** What takes a certificate that says it is the issuer's, by whoever has the files of the authority and no key. */
async function takersOfForgery(): Promise<Record<string, boolean>> {
  const issuer = readFileSync(join(state, 'issuer.pem'), 'utf8');
  const thief = generateKey('p256');
  const { certPem, keyPem } = await forgeLeaf(
    { issuer: new X509Certificate(issuer), signer: () => keySigner(thief), chainPem: issuer },
    { names: [parseName('localhost')] },
  );
  const server = createServer({ cert: certPem, key: keyPem }, (_request, response) => {
    response.end(PAGE);
  });
  await new Promise<void>((resolve) => server.listen(PORT + 1, '127.0.0.1', resolve));
  try {
    return await clients(PORT + 1);
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

must('update-ca-certificates', []);
const report: Record<string, unknown> = {};
const made = [];
for (const args of make) made.push(await devcert(args));
report.made = made;
const pair = join(project, '.devcert');
const code = `require('https').createServer({
  cert: require('fs').readFileSync('cert.pem'), key: require('fs').readFileSync('key.pem'),
}, (q, r) => r.end('${PAGE}')).listen(${PORT}, '127.0.0.1')`;
const server = spawn(process.execPath, ['-e', code], { cwd: pair, stdio: 'ignore', env });
try {
  await untilListens(PORT, server);
  report.before = await clients();
  report.trust = await devcert(trust);
  report.after = await clients();
  report.bareKeys = bareKeys();
  report.copies = copiesOfKeys();
  if (existsSync(join(state, 'issuer-key.pem'))) {
    report.forged = {
      without: await forge('-passin', 'pass:'),
      wrong: await forge('-passin', 'pass:wrong horse battery'),
      right: await forge('-passin', `file:${secretFile}`),
    };
  }
  report.status = await devcert(['status', '--json']);
  report.other = await devcert(['other.test', '--out', 'other'], {});
  report.forgery = await takersOfForgery();
  report.uninstall = await devcert(['uninstall', '--purge']);
  report.afterUninstall = await clients();
} finally {
  server.kill();
}
process.stdout.write(JSON.stringify(report));
