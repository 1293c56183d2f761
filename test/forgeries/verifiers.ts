/** What verifies signatures on code and mail: is a leaf with such a usage good under a root? */
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { X509Certificate } from 'node:crypto';
import { encodeJksTrustStore } from '../../src/keystore/jks.ts';
import { encodePkcs12KeyStore } from '../../src/keystore/pkcs12.ts';
import { OID } from '../../src/x509/oids.ts';
import { forgeLeaf, makePlainRoot, purpose, type Signer } from '../helpers/forge.ts';
import { run } from '../helpers/run.ts';
import type { Authority } from '../../src/authority/authority.ts';
import { trustIn } from './browsers.ts';

/** Purposes for which an issuer of ours is not made. */
export const PURPOSES = {
  code: { title: 'a signature on code', oid: OID.codeSigning },
  mail: { title: 'a signature on mail', oid: '1.3.6.1.5.5.7.3.4' },
} as const;
export type Purpose = keyof typeof PURPOSES;

/** A leaf for a purpose, its issuers, and the root that is trusted. */
export interface Signed {
  readonly purpose: Purpose;
  readonly leaf: Awaited<ReturnType<typeof forgeLeaf>>;
  readonly issuer: X509Certificate;
  readonly root: X509Certificate;
}

/** The thief's leaf under our root. */
export async function signedByThief(authority: Authority, what: Purpose): Promise<Signed> {
  return { ...(await signedBy(authority, what)), root: authority.root };
}

/** The same leaf under a root that may sign for everything: what every verifier has to take. */
export async function signedByRight(what: Purpose): Promise<Signed> {
  const root = await makePlainRoot();
  return { ...(await signedBy(root, what)), root: root.issuer };
}

async function signedBy(signer: Signer, what: Purpose) {
  const leaf = await forgeLeaf(signer, {
    names: [{ type: 'email', value: 'ada@localhost' }],
    purpose: purpose(PURPOSES[what].oid),
  });
  return { purpose: what, leaf, issuer: signer.issuer };
}

export interface Verifier {
  readonly name: string;
  readonly program: string;
  /** As in an engine: the arguments that print the version. */
  readonly version: readonly string[];
  readonly asked: readonly Purpose[];
  readonly accepts: (folder: string, signed: Signed) => Promise<boolean>;
}

const PASSWORD = 'forgeries';

export const VERIFIERS: readonly Verifier[] = [
  {
    name: 'jarsigner -verify -strict',
    program: 'jarsigner',
    version: ['-J-version'],
    asked: ['code'],
    accepts: async (folder, { leaf, issuer, root }) => {
      const jar = join(folder, 'signed.jar');
      writeFileSync(join(folder, 'hello.txt'), 'hello');
      writeFileSync(
        join(folder, 'key.p12'),
        encodePkcs12KeyStore(
          { key: leaf.key, certificates: [leaf.certificate.raw, issuer.raw], alias: 'thief' },
          { password: PASSWORD },
        ),
      );
      await must('jar', ['cf', jar, '-C', folder, 'hello.txt']);
      const store = ['-keystore', join(folder, 'key.p12'), '-storepass', PASSWORD];
      await must('jarsigner', [...store, jar, 'thief']);
      const javaHome = await javaHomeTrusting(folder, root);
      const { status, output } = await run('jarsigner', [
        ...[`-J-Djava.home=${javaHome}`, '-verify', '-strict', jar],
      ]);
      return status === 0 && output.includes('jar verified');
    },
  },
  {
    name: 'OpenSSL verify',
    program: 'openssl',
    version: ['version'],
    asked: ['mail'],
    accepts: async (folder, { leaf, root }) => {
      const { cert, ca } = written(folder, leaf.certPem, root);
      const args = ['-purpose', 'smimesign', '-CAfile', ca, '-untrusted', cert, cert];
      return (await run('openssl', ['verify', ...args])).status === 0;
    },
  },
  {
    name: 'GnuTLS certtool',
    program: 'certtool',
    version: ['--version'],
    asked: ['code', 'mail'],
    accepts: async (folder, { purpose, leaf, root }) => {
      const { cert, ca } = written(folder, leaf.certPem, root);
      const args = ['--load-ca-certificate', ca, '--verify-purpose', PURPOSES[purpose].oid];
      return (await run('certtool', ['--verify', ...args, '--infile', cert])).status === 0;
    },
  },
  {
    name: 'NSS vfychain',
    program: 'vfychain',
    version: [],
    asked: ['code', 'mail'],
    accepts: async (folder, { purpose, leaf, issuer, root }) => {
      const { cert, ca } = written(folder, leaf.certificate.toString(), root);
      const database = join(folder, 'nss');
      // NSS takes a root for each purpose apart: here for all.
      await trustIn(database, ca, 'C,C,C');
      const middle = join(folder, 'issuer.pem');
      writeFileSync(middle, issuer.toString());
      const usage = { code: '6', mail: '4' }[purpose];
      const { output } = await run('vfychain', [
        ...['-d', `sql:${database}`, '-u', usage, '-a', cert],
        ...(issuer.raw.equals(root.raw) ? [] : [middle]),
      ]);
      return output.includes('Chain is good');
    },
  },
];

/** Asks a verifier in a fresh folder. */
export function asks(verifier: Verifier, folder: string, signed: Signed): Promise<boolean> {
  return verifier.accepts(mkdtempSync(join(folder, 'verify-')), signed);
}

function written(folder: string, certPem: string, root: X509Certificate) {
  const paths = { cert: join(folder, 'cert.pem'), ca: join(folder, 'root.pem') };
  writeFileSync(paths.cert, certPem);
  writeFileSync(paths.ca, root.toString());
  return paths;
}

/** The JDK's own home by links, but with a `cacerts` that holds this root alone. */
async function javaHomeTrusting(folder: string, root: X509Certificate): Promise<string> {
  const { output } = await run('java', ['-XshowSettings:properties', '-version']);
  const real = /java\.home = (.*)/.exec(output)?.[1] ?? '';
  const home = join(folder, 'java-home');
  mkdirSync(join(home, 'lib/security'), { recursive: true });
  for (const [from, except] of [
    ['.', 'lib'],
    ['lib', 'security'],
    ['lib/security', 'cacerts'],
  ] as const)
    for (const name of readdirSync(join(real, from)))
      if (name !== except) symlinkSync(join(real, from, name), join(home, from, name));
  writeFileSync(
    join(home, 'lib/security/cacerts'),
    encodeJksTrustStore([{ certificate: root.raw, alias: 'root' }], 'changeit', new Date()),
  );
  return home;
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { status, output } = await run(program, args);
  if (status !== 0) throw new Error(`${program}: ${output}`);
}
