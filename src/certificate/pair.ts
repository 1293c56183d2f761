/** A certificate and its key, read from files of any format. */
import { X509Certificate } from 'node:crypto';
import { DevcertError, say } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { type KeyEntry, pairEntries } from '../keystore/entries.ts';
import { readKeyStore } from '../keystore/read.ts';

/**
 * Key and chain from two files, or one for both; a root at the end of the chain is left out, as no
 * server sends it.
 *
 * @throws DevcertError `file` if one is missing, `invalid-input` if they hold something else or do
 *   not belong together, `password` for an encrypted key.
 */
export function readPair(certFile: string, keyFile: string): Omit<KeyEntry, 'alias'> {
  const files = certFile === keyFile ? [certFile] : [certFile, keyFile];
  return pairIn(files.map(readFile), certFile, keyFile);
}

/**
 * The same for contents that are, or will be, those of the files.
 *
 * @param contents of both, in any order.
 */
export function pairIn(
  contents: readonly Buffer[],
  certFile: string,
  keyFile: string,
): Omit<KeyEntry, 'alias'> {
  const entries = contents.flatMap((bytes) => [...readKeyStore(bytes).entries]);
  if (!entries.some(({ kind }) => kind === 'key' || kind === 'encrypted-key'))
    throw new DevcertError('invalid-input', `there is no private key in "${keyFile}"`, {
      hint: say`name the file that holds it: ${{ keyFile: 'FILE' }}`,
    });
  const keys = entries.flatMap(({ kind, key }) => (kind === 'key' && key ? [{ key }] : []));
  if (keys.length === 0)
    throw new DevcertError('password', `the key in "${keyFile}" is encrypted`, {
      hint: `decrypt it first: openssl pkey -in "${keyFile}" -out key.pem`,
    });
  const certificates = entries.flatMap(({ certificates }) =>
    certificates.map((der) => ({ x509: new X509Certificate(der) })),
  );
  const pair = pairEntries(keys, certificates).find(
    ({ kind, certificates }) => kind === 'key' && certificates.length > 0,
  );
  if (pair?.key === undefined)
    throw new DevcertError(
      'invalid-input',
      `the key in "${keyFile}" is not that of a certificate in "${certFile}"`,
      {
        hint: say`issue both again, or name the files that belong together: ${{ certFile: true }}, ${{ keyFile: true }}`,
      },
    );
  const isRoot = (der: Buffer) => {
    const x509 = new X509Certificate(der);
    return x509.checkIssued(x509);
  };
  const [leaf, ...issuers] = pair.certificates;
  return {
    key: pair.key,
    certificates: [...(leaf === undefined ? [] : [leaf]), ...issuers.filter((it) => !isRoot(it))],
  };
}

function readFile(file: string): Buffer {
  const bytes = readIfThere(file);
  if (bytes !== undefined) return bytes;
  throw new DevcertError('file', `there is no "${file}"`, {
    hint: say`issue a certificate first (${{ command: 'issue', names: 'localhost' }}), or say where it is: ${{ dir: 'DIR' }}`,
  });
}
