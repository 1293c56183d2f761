/** A party's PKCS#12 files, for those that read no PEM. */
import { X509Certificate } from 'node:crypto';
import { orUndefined } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { decodePem } from '../keystore/pem.ts';
import { encodePkcs12KeyStore, encodePkcs12TrustStore } from '../keystore/pkcs12.ts';
import { decodePrivateKeyPem } from '../keystore/private-key.ts';
import { readKeyStore } from '../keystore/read.ts';
import type { Output } from '../ledger/place.ts';
import type { PartyFiles } from './set.ts';

/** What the stores are made of. */
export interface StoreContents {
  readonly party: string;
  readonly files: PartyFiles;
  /** Leaf first. */
  readonly certPem: string;
  readonly keyPem: string;
  /** PEM of whom the party trusts. */
  readonly roots: readonly string[];
}

/**
 * The stores to be written; those that hold the same already are left unchanged.
 *
 * @param password empty for none; undefined writes nothing, and `stale` says if something should be.
 */
export function keyStoreFiles(
  contents: StoreContents,
  password: string | undefined,
): { outputs: Output[]; stale: boolean } {
  const { files, party, roots } = contents;
  if (password === undefined)
    return { outputs: [], stale: isOlder(files.keyStore, files.certFile, contents.certPem) };
  const chain = decodePem(contents.certPem).map(({ der }) => der);
  const trusted = roots.map((root) => new X509Certificate(root).raw);
  // It was just made, or found to be that of the certificate.
  const key = decodePrivateKeyPem(contents.keyPem);
  if (key === undefined) throw new TypeError('a pair without its key');
  const written: Output[] = [];
  if (!holds(files.keyStore, password, chain))
    written.push({
      path: files.keyStore,
      data: encodePkcs12KeyStore({ key, certificates: chain, alias: party }, { password }),
      secret: true,
    });
  if (!holds(files.trustStore, password, trusted))
    written.push({
      path: files.trustStore,
      data: encodePkcs12TrustStore(
        trusted.map((certificate, index) => ({ certificate, alias: `trusted-${index + 1}` })),
        password === '' ? undefined : { password },
      ),
      secret: false,
    });
  return { outputs: written, stale: false };
}

/** True if there is a store and the certificate beside it is about to change. */
function isOlder(keyStore: string, certFile: string, certPem: string): boolean {
  return readIfThere(keyStore) !== undefined && readIfThere(certFile)?.toString() !== certPem;
}

function holds(file: string, password: string, certificates: readonly Buffer[]): boolean {
  const bytes = readIfThere(file);
  if (bytes === undefined) return false;
  // Another password, or not a store: written anew with what was given.
  const { entries = [] } = orUndefined(() => readKeyStore(bytes, { password })) ?? {};
  const found = entries.flatMap((entry) => entry.certificates);
  return (
    found.length === certificates.length &&
    certificates.every((certificate) => found.some((it) => it.equals(certificate)))
  );
}
