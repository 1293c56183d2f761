/**
 * Runs inside a mount namespace of its own (`unshare -m`), as root: covers the real stores with
 * overlays, drives the adapters over them and prints as JSON what happened. Bundled by the test.
 */
import { spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findForRoot } from '../../platform/as-root.ts';
import { findProgram, programFolders } from '../../platform/host.ts';
import { javaStores } from '../../platform/java.ts';
import { linuxSystemStores } from '../../platform/linux-system.ts';
import type { Host, Root, TrustStore } from '../../platform/types.ts';
import { cover, coveredHost, differences, hashOf, must, runSync, snapshot } from './covered.ts';
import { untilListens } from './ports.ts';

const PORT = 8443;
const [, , base = ''] = process.argv;
/** A JDK with a store of its own, as vendors deliver it; Debian's share one. */
const ownJdk = '/usr/lib/jvm/vendor';
const system = ['/etc/ssl', '/usr/local/share/ca-certificates'];
const p12 = join(ownJdk, 'lib/security/cacerts');
const shared = '/etc/ssl/certs/java/cacerts';

function makeRoot(name: string, subject: string): Root {
  const file = join(base, `${name}.pem`);
  const key = join(base, `${name}-key.pem`);
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  must('openssl', ['req', '-x509', ...options, '-keyout', key, '-out', file, '-subj', subject]);
  const { raw } = new X509Certificate(readFileSync(file));
  const hash = (algorithm: string) => createHash(algorithm).update(raw).digest('hex');
  return {
    pem: readFileSync(file, 'utf8'),
    der: raw,
    file,
    sha256: hash('sha256'),
    sha1: hash('sha1'),
    commonName: subject,
  };
}

function makeLeaf(name: string): void {
  const [csr, key, extensions] = ['leaf.csr', 'leaf-key.pem', 'leaf.ext'].map((it) =>
    join(base, it),
  );
  writeFileSync(extensions ?? '', 'subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n');
  const options = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  must('openssl', ['req', ...options, '-keyout', key ?? '', '-out', csr ?? '', '-subj', '/O=leaf']);
  const signer = ['-CA', join(base, `${name}.pem`), '-CAkey', join(base, `${name}-key.pem`)];
  const rest = ['-CAcreateserial', '-days', '20', '-extfile', extensions ?? ''];
  must('openssl', [
    'x509',
    '-req',
    '-in',
    csr ?? '',
    ...signer,
    ...rest,
    '-out',
    join(base, 'leaf.pem'),
  ]);
}

function snapshotAll(): Record<string, string> {
  return { ...snapshot(system), [p12]: hashOf(p12) };
}

function entriesOf(keystore: string): string {
  const listing = must('keytool', ['-list', '-keystore', keystore, '-storepass', 'changeit']);
  return listing
    .split(/\n(?=\S+, )/)
    .slice(1)
    .map((it) => it.trim())
    .sort()
    .join('\n');
}

/** Which programs open the page of a server whose certificate the root has signed. */
function clients(): Record<string, boolean> {
  const url = `https://localhost:${PORT}/`;
  const java = (home: string) => [join(home, 'bin/java'), join(base, 'Client.java'), url] as const;
  const tries: Record<string, readonly [string, ...string[]]> = {
    openssl: ['openssl', 'verify', join(base, 'leaf.pem')],
    'openssl by hash': [
      'openssl',
      'verify',
      '-no-CAfile',
      '-CApath',
      '/etc/ssl/certs',
      join(base, 'leaf.pem'),
    ],
    curl: ['curl', '-sS', '--noproxy', '*', '-o', '/dev/null', url],
    'java, own cacerts': java(ownJdk),
    'java, shared cacerts': java(sharedHome),
  };
  return Object.fromEntries(
    Object.entries(tries).map(([name, [file, ...args]]) => [
      name,
      runSync({ file, args }).exitCode === 0,
    ]),
  );
}

const host = coveredHost(
  base,
  (program) => findProgram(program, process.env, false),
  (program) => findForRoot(program, programFolders(process.env, false)),
);

async function inspectAll(
  stores: readonly TrustStore[],
  root: Root,
): Promise<Record<string, string>> {
  const states: Record<string, string> = {};
  for (const store of stores) {
    const state = await store.inspect(root);
    states[store.location] = 'reason' in state ? `${state.state}: ${state.reason}` : state.state;
  }
  return states;
}

async function act(
  stores: readonly TrustStore[],
  root: Root,
  verb: 'planInstall' | 'planUninstall',
) {
  const failed: string[] = [];
  for (const store of stores) {
    if (verb === 'planInstall' && (await store.inspect(root)).state === 'trusted') continue;
    for (const command of await store[verb](root)) {
      const result = await host.run(command);
      if (result.exitCode !== 0) failed.push(`${command.file} ${command.args.join(' ')}`);
    }
  }
  return failed;
}

cover(
  [...system, '/usr/lib/jvm', '/var/lib/dpkg', '/var/lib/ca-certificates-java', '/var/log'].filter(
    (folder) => existsSync(folder),
  ),
  base,
);
const sharedHome = realpathSync(
  must('sh', ['-c', 'ls -d /usr/lib/jvm/*openjdk*/bin/javac | tail -1']).trim(),
).replace('/bin/javac', '');
writeFileSync(
  join(base, 'Client.java'),
  'public class Client { public static void main(String[] a) throws Exception { java.net.URI.create(a[0]).toURL().openStream().readAllBytes(); } }',
);

// What others left half-done is done now, so that what differs afterwards is ours.
must('update-ca-certificates', []);
// One JDK with a store of its own, as vendors deliver it since Java 18: PKCS#12 without a password.
must('cp', ['-a', sharedHome, ownJdk]);
rmSync(p12);
must('keytool', [
  '-importkeystore',
  '-noprompt',
  '-srckeystore',
  shared,
  '-srcstorepass',
  'changeit',
  '-destkeystore',
  p12,
  '-deststoretype',
  'PKCS12',
  '-deststorepass',
  'changeit',
  '-J-Dkeystore.pkcs12.certProtectionAlgorithm=NONE',
  '-J-Dkeystore.pkcs12.macAlgorithm=NONE',
]);

const root = makeRoot('root', '/O=scenario/CN=devcert root');
const twin = makeRoot('twin', '/O=scenario/CN=devcert root');
makeLeaf('root');
const [certificate, key] = [join(base, 'leaf.pem'), join(base, 'leaf-key.pem')];
const server = spawn(
  'openssl',
  ['s_server', '-accept', String(PORT), '-cert', certificate, '-key', key, '-www'],
  { stdio: 'ignore' },
);

const stores = [...(await linuxSystemStores.find(host, {})), ...(await javaStores.find(host, {}))];
const report: Record<string, unknown> = {};
try {
  await untilListens(PORT, server);
  const javaBefore = [entriesOf(shared), statSync(shared).size];
  const before = snapshotAll();
  report.before = { states: await inspectAll(stores, root), clients: clients() };
  report.installFailures = await act(stores, root, 'planInstall');
  report.installed = { states: await inspectAll(stores, root), clients: clients() };
  report.uninstallFailures = await act(stores, root, 'planUninstall');
  report.removed = { states: await inspectAll(stores, root), clients: clients() };
  report.differences = differences(before, snapshotAll());
  report.sameJavaEntries =
    JSON.stringify([entriesOf(shared), statSync(shared).size]) === JSON.stringify(javaBefore);

  // Two roots with one subject share OpenSSL's hash; one goes, the other must still be found.
  const between = snapshotAll();
  const [only] = stores;
  if (only === undefined) throw new Error('no system store');
  writeFileSync('/usr/local/share/ca-certificates/by-hand.crt', twin.pem);
  must('update-ca-certificates', []);
  report.byHand = await only.inspect(twin);
  await act([only], root, 'planInstall');
  await act([only], twin, 'planUninstall');
  report.twinRemoved = {
    twin: await only.inspect(twin),
    root: await only.inspect(root),
    clients:
      runSync({
        file: 'openssl',
        args: ['verify', '-no-CAfile', '-CApath', '/etc/ssl/certs', certificate],
      }).exitCode === 0,
  };
  await act(stores, root, 'planUninstall');
  await act(stores, twin, 'planUninstall');
  report.twinDifferences = differences(between, snapshotAll());
  report.dangling = must('find', ['/etc/ssl/certs', '-xtype', 'l']);

  // The refresh fails half-way through an install: what the caller runs then clears it up.
  const failing: Host = {
    ...host,
    run: (command) =>
      Promise.resolve(
        command.file.endsWith('update-ca-certificates')
          ? { exitCode: 1, stdout: '', stderr: '' }
          : runSync(command),
      ),
  };
  for (const store of await linuxSystemStores.find(failing, {})) {
    const atStart = snapshotAll();
    for (const command of await store.planInstall(root)) await failing.run(command);
    report.halfWay = (await store.inspect(root)).state;
    for (const command of await store.planUninstall(root)) await failing.run(command);
    report.clearedUp = {
      state: (await store.inspect(root)).state,
      differences: differences(atStart, snapshotAll()),
    };
  }
} finally {
  server.kill();
}
process.stdout.write(JSON.stringify(report));
