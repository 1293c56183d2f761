/**
 * Runs inside a mount namespace of its own (`unshare -m`), as root, in a home that is fresh: an authority
 * whose key lies in no file that is open, with curl, Chromium and Java before `install`, after it and after
 * `uninstall`, and a search for keys. Prints as JSON what happened. Bundled by the test.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { authorityKeysIn, filesWithKey, openKeysIn } from './bare-keys.ts';
import { openInChromium } from './browsers.ts';
import { cover, must } from './covered.ts';
import { run } from './run.ts';

const [, , base = '', checkout = '', script = '[]'] = process.argv;
/** What is typed: first what leaves a certificate, then what has it trusted. */
const { make, trust, secret } = JSON.parse(script) as {
  make: string[][];
  trust: string[];
  secret: string;
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
const url = `https://localhost:${PORT}/`;

function devcert(args: readonly string[]) {
  const cli = join(checkout, 'dist/bin/devcert.cjs');
  const typed = args.map((it) => (it === 'SECRET-FILE' ? secretFile : it));
  return run(process.execPath, [cli, ...typed], { cwd: project, env });
}

async function clients(): Promise<Record<string, boolean>> {
  const curl = await run('curl', ['-sS', url], { env });
  const java = join(checkout, 'test/helpers/TlsClient.java');
  const javaRan = await run('java', [java, 'default', `localhost:${PORT}`], { env });
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
  await new Promise((resolve) => setTimeout(resolve, 500));
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
  report.other = await devcert(['other.test', '--out', 'other']);
  report.uninstall = await devcert(['uninstall', '--purge']);
  report.afterUninstall = await clients();
} finally {
  server.kill();
}
process.stdout.write(JSON.stringify(report));
