/** What is wrong with a file as a whole: its encryption, keys that fit nothing, keys where none belong. Pure. */
import type { Foreign } from '../keystore/foreign.ts';
import { decodePem, passOver } from '../keystore/pem.ts';
import { error, warning } from './problems.ts';
import type { InspectedFile, Problem } from './types.ts';

export function storeProblems(
  file: Omit<InspectedFile, 'problems' | 'notes'>,
  bytes: Buffer,
): Problem[] {
  return [
    ...keyProblems(file),
    ...(file.protection === undefined ? [] : protectionProblems(file, file.protection)),
    ...(file.format === 'pem' ? pemProblems(bytes) : []),
    ...file.others.flatMap(damageProblems),
  ];
}

function damageProblems({ kind, detail = '', reason }: Foreign): Problem[] {
  if (reason === undefined) return [];
  const { message, hint } = reason;
  const place = kind === 'damaged-entry' ? 'entry' : 'block';
  const text = message.includes(detail) ? message : `in the ${place} "${detail}": ${message}`;
  return [error('damaged', text, hint ?? 'ask for the file again where it came from')];
}

function keyProblems({
  file,
  format,
  keys,
  certificates,
  publicKeys,
  chain,
}: Omit<InspectedFile, 'problems' | 'notes'>) {
  const problems: Problem[] = [];
  const loose = keys.filter(
    ({ certificate, encrypted }) => certificate === undefined && !encrypted,
  );
  if (loose.length > 0 && certificates.length > 0)
    problems.push(
      error(
        'key-mismatch',
        keys.length === 1
          ? 'the private key belongs to none of the certificates'
          : `${loose.length} of ${keys.length} private keys ${loose.length === 1 ? 'belongs' : 'belong'} to none of the certificates`,
        'find the right key, or issue the certificate again: no server starts with these two',
      ),
    );
  // A certificate's own key is reported with the certificate.
  for (const { weakness } of [...loose, ...publicKeys]) {
    if (weakness !== undefined)
      problems.push(
        error('weak-key', `the key is weak: ${weakness}`, 'make a new one: P-256, or RSA 2048'),
      );
  }
  const isStore = format === 'pkcs12' || format === 'jks';
  const others = certificates.some(
    ({ trusted }, index) => trusted === true && chain?.order.includes(index) !== true,
  );
  if (isStore && keys.length > 0 && (others || isTrustStoreName(file)))
    problems.push(
      error(
        'key-in-trust-store',
        'a private key lies in a trust store, which goes to everybody',
        'write the trust store again with certificates only, and make a new key',
      ),
    );
  return problems;
}

/** By its words: `entrust.p12` is none. */
function isTrustStoreName(file: string): boolean {
  const name = file.replace(/^.*[/\\]/, '');
  return /trust[-_. ]?store|(?:^|[^a-z])(?:trust|trusted|cacerts)(?:[^a-z]|$)/i.test(name);
}

function protectionProblems(
  { keys, certificates, kind, isLocked }: Omit<InspectedFile, 'problems' | 'notes'>,
  protection: NonNullable<InspectedFile['protection']>,
) {
  const problems: Problem[] = [];
  const schemes = [...protection.keys, ...protection.certificates].map(({ name }) => name);
  const rc2 = schemes.find((name) => name.startsWith('RC2'));
  if (rc2 !== undefined)
    problems.push(
      warning(
        'old-encryption',
        `it is encrypted with ${rc2}: OpenSSL 3, curl and Node do not open it`,
        'write it again with AES: openssl pkcs12 -legacy -in OLD -nodes | openssl pkcs12 -export -out NEW',
      ),
    );
  else if (schemes.some((name) => name.startsWith('3DES')))
    problems.push(
      warning(
        'old-encryption',
        'it is encrypted with 3DES, which only old macOS, iOS and Windows still need',
        'for everybody else write it with AES-256',
      ),
    );
  if (kind === 'key-store' && protection.mac === undefined)
    problems.push(
      warning(
        'no-mac',
        'it has no MAC: a change would not be noticed, and Node 20, NSS and GnuTLS do not open it',
        "write it again with a MAC, which is every program's default",
      ),
    );
  const isPlainTrustStore = keys.length === 0 && certificates.length > 0 && !isLocked;
  if (isPlainTrustStore && certificates.every(({ trusted }) => trusted !== true))
    problems.push(
      warning(
        'not-for-java',
        'Java sees no certificate in it: none is marked as trusted',
        'write it with keytool -importcert, or openssl pkcs12 -export -jdktrust anyExtendedKeyUsage',
      ),
    );
  return problems;
}

function pemProblems(bytes: Buffer): Problem[] {
  const old = decodePem(bytes, passOver).some(({ headers }) => headers.has('DEK-Info'));
  if (!old) return [];
  return [
    warning(
      'old-encryption',
      'the key is encrypted in the form of old OpenSSL (MD5, one round): its password is quickly guessed',
      'write it again: openssl pkey -aes256 -in OLD -out NEW',
    ),
  ];
}
