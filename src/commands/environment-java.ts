/** Java reads one trust store: a copy of what it would read, with the root. */
import { X509Certificate } from 'node:crypto';
import { dirname, resolve } from 'node:path';
import { realpathSync } from 'node:fs';
import { findJdks, PASSWORD } from '../../platform/jdks.ts';
import type { Host } from '../../platform/types.ts';
import { DevcertError } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { uniqueAliases } from '../keystore/entries.ts';
import { encodePkcs12TrustStore } from '../keystore/pkcs12.ts';
import { readKeyStore } from '../keystore/read.ts';
import { MAX_STORE_BYTES } from '../policy.ts';

const STORE = /-Djavax\.net\.ssl\.trustStore=(\S+)/;
const STORE_PASSWORD = /-Djavax\.net\.ssl\.trustStorePassword=(\S+)/;
const STORE_OPTIONS = /-Djavax\.net\.ssl\.trustStore(Password|Type)?=\S+/g;

/** Writes contents into a file with this ending, and gives its path. */
export type Write = (ending: string, contents: string | Buffer) => string;

/**
 * JAVA_TOOL_OPTIONS that name such a trust store, with the other options that are in it.
 *
 * @throws DevcertError `command` if no Java is found, `invalid-input`, `password`, `file` for a store that cannot be read.
 */
export function javaOptions(host: Host, rootPem: string, write: Write): string {
  const set = host.env.JAVA_TOOL_OPTIONS ?? '';
  const named = STORE.exec(set)?.[1];
  const file = named === undefined ? keystoreOf(host) : resolve(named);
  const password = STORE_PASSWORD.exec(set)?.[1] ?? PASSWORD;
  const bytes = readIfThere(file, { maxBytes: MAX_STORE_BYTES });
  const trusted =
    bytes === undefined
      ? []
      : readKeyStore(bytes, { password }).entries.flatMap(({ alias, certificates: [der] }) =>
          der === undefined ? [] : [{ alias: alias ?? 'trusted', certificate: der }],
        );
  const all = [...trusted, { alias: 'devcert', certificate: new X509Certificate(rootPem).raw }];
  const aliases = uniqueAliases(all.map(({ alias }) => alias));
  // Unprotected, as cacerts itself may be: every JVM since 8u301 opens it, and the same input gives the same file.
  const store = write(
    '.p12',
    encodePkcs12TrustStore(
      all.map(({ certificate }, i) => ({ certificate, alias: aliases[i] ?? '' })),
      undefined,
    ),
  );
  const others = set.replace(STORE_OPTIONS, '').trim();
  return [
    ...(others === '' ? [] : [others]),
    `-Djavax.net.ssl.trustStore=${store}`,
    '-Djavax.net.ssl.trustStoreType=PKCS12',
    `-Djavax.net.ssl.trustStorePassword=${PASSWORD}`,
  ].join(' ');
}

/** Of the Java that a program would start: by JAVA_HOME, by PATH, or else any. */
function keystoreOf(host: Host): string {
  const java = host.find('java');
  const homes = [
    ...(host.env.JAVA_HOME === undefined ? [] : [real(host.env.JAVA_HOME)]),
    ...(java === undefined ? [] : [dirname(dirname(real(java)))]),
  ];
  const jdks = findJdks(host).filter(({ keystore }) => keystore !== undefined);
  const found = jdks.find(({ home }) => homes.includes(home)) ?? jdks[0];
  if (found?.keystore !== undefined) return found.keystore;
  throw new DevcertError('command', 'no Java is found here', {
    hint: 'set JAVA_HOME to its folder',
  });
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path; // not there: it is none of the installations then
  }
}
