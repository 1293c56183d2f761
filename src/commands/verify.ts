/** `devcert verify`: a server or a file, verified as a strict client does it. Changes nothing. */
import { X509Certificate } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { retiredRootFiles } from '../authority/retired.ts';
import { authorityCertificates, certificateIn } from '../authority/certificates.ts';
import { loadRoot } from '../authority/folder.ts';
import { readIfThere } from '../disk/files.ts';
import { sha256Of } from '../authority/origin.ts';
import { DevcertError, say, ifExpected } from '../errors.ts';
import { certificatesOf, openFile } from '../inspect/open.ts';
import { readKeyStore } from '../keystore/read.ts';
import { findEntries } from '../ledger/ledger.ts';
import { type Name, parseName } from '../names/names.ts';
import { MAX_STORE_BYTES, SERVER_TIMEOUT_MS } from '../policy.ts';
import type { World } from '../verify/causes.ts';
import { contact } from '../verify/contact.ts';
import { type Roots, rootsInFile, systemRoots } from '../verify/roots.ts';
import { serverIn, type Server, startTlsOf } from '../verify/target.ts';
import type { VerifyResult } from '../verify/types.ts';
import { verdict } from '../verify/verdict.ts';
import { type AuthorityOption, type Context, contextOf } from './context.ts';

export interface VerifyOptions extends AuthorityOption {
  /** `system`, or a file of certificates; the authority's own root if left out. */
  readonly roots?: string;
  /** A file of lists of revoked certificates (CRLs); without one revocation is not looked at. */
  readonly crl?: string;
  /** The name that has to be among the certificate's; the server's if left out, none for a file. */
  readonly name?: string;
  /** `server` if left out. */
  readonly purpose?: string;
  /** When it has to be valid: an ISO date, `2027-01-31` or with a time; now if left out. */
  readonly at?: string;
  /** How TLS begins; `none`: at once. Told by the port if left out. */
  readonly starttls?: string;
  /** Limit for each step with the server; 10 if left out. */
  readonly timeout?: number;
}

/**
 * Verifies what a server sends, or what a file holds.
 *
 * @param target `HOST:PORT`, a URL, or a file.
 * @throws DevcertError `usage`, `no-authority`, `file` or `invalid-input` for roots or a file that cannot be read,
 *   `password`.
 */
export async function verify(
  context: Context,
  target: string,
  options: VerifyOptions = {},
): Promise<VerifyResult> {
  const server = serverOf(target, options);
  const file = server === undefined ? readFile(context, target) : undefined;
  const wanted = wantedName(options.name ?? server?.host);
  const purpose = purposeOf(options.purpose);
  const at = options.at === undefined ? context.host.now() : dateOf(options.at);
  const roots = await rootsOf(context, options);
  const touched =
    server === undefined
      ? undefined
      : await contact(server, wanted?.value ?? server.host, timeoutOf(options));
  const sent = file ?? touched?.shaken?.flight.certificates ?? [];
  return verdict({
    ...{ target, sent, roots, purpose, at },
    crls: options.crl === undefined ? undefined : readCrls(context, options.crl),
    ...{ name: wanted, server, contact: touched },
    world: (systemTrusts) => worldOf(context, roots, systemTrusts),
    // Asked for a better explanation only.
    systemRoots: async () =>
      (await systemRoots(context.host).catch(ifExpected))?.certificates ?? [],
  });
}

/** The server that was named, with the STARTTLS that was asked for. */
function serverOf(target: string, { starttls }: VerifyOptions): Server | undefined {
  const found = serverIn(target, { command: 'verify', names: 'localhost:8443' });
  if (found !== undefined) return startTlsOf(found, starttls);
  if (starttls === undefined) return undefined;
  throw new DevcertError('usage', say`${{ starttls }} is for a server, not for a file`, {
    hint: { command: 'verify', names: 'localhost:5432', starttls },
  });
}

function readFile({ cwd }: Context, file: string): readonly Buffer[] {
  const path = resolve(cwd, file);
  if (!existsSync(path))
    throw new DevcertError('file', `there is no file "${path}"`, {
      hint: say`give a file of certificates, or a server: ${{ command: 'verify', names: 'localhost:8443' }}`,
    });
  const bytes = readIfThere(path, { maxBytes: MAX_STORE_BYTES }) ?? Buffer.alloc(0);
  const certificates = certificatesOf(openFile({ file, bytes }), bytes);
  if (certificates.length > 0) return certificates;
  throw new DevcertError('invalid-input', `there is no certificate in "${path}"`, {
    hint: say`see what is: ${{ command: 'inspect', names: file }}`,
  });
}

function readCrls({ cwd }: Context, file: string): readonly Buffer[] {
  const path = resolve(cwd, file);
  const bytes = readIfThere(path, { maxBytes: MAX_STORE_BYTES });
  const hint = say`give a file of CRLs, PEM or DER: ${{ crl: 'FILE' }}`;
  if (bytes === undefined) throw new DevcertError('file', `there is no file "${path}"`, { hint });
  const crls = readKeyStore(bytes).entries.flatMap(({ crl }) => crl ?? []);
  if (crls.length > 0) return crls;
  throw new DevcertError('invalid-input', `there is no CRL in "${path}"`, { hint });
}

function wantedName(text: string | undefined): Name | undefined {
  if (text === undefined) return undefined;
  const name = parseName(text, { client: true });
  if (!name.value.startsWith('*.')) return name;
  throw new DevcertError('invalid-name', `"${text}" is no name that a client asks for`, {
    hint: say`name one that it stands for: ${{ name: `www${name.value.slice(1)}` }}`,
  });
}

function purposeOf(text = 'server'): 'server' | 'client' {
  if (text === 'server' || text === 'client') return text;
  throw new DevcertError('usage', `"${text}" is no purpose`, {
    hint: { purpose: 'server | client' },
  });
}

function dateOf(text: string): Date {
  const isIso = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(
    text,
  );
  const date = new Date(isIso ? text : Number.NaN);
  // 30 February would be taken for 2 March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const isReal = !Number.isNaN(date.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  if (isReal) return date;
  throw new DevcertError('usage', `"${text}" is no date`, { hint: { at: '2027-01-31' } });
}

function timeoutOf({ timeout }: VerifyOptions): number {
  if (timeout === undefined) return SERVER_TIMEOUT_MS;
  if (timeout > 0 && timeout <= 3600) return timeout * 1000;
  throw new DevcertError('usage', 'not a number of seconds from 1 to 3600', {
    hint: { timeout: '10' },
  });
}

async function rootsOf(context: Context, { roots }: VerifyOptions): Promise<Roots> {
  if (roots === 'system') return systemRoots(context.host);
  if (roots !== undefined) return rootsInFile(roots, context.cwd);
  const pem = await loadRoot(context.folder);
  if (pem !== undefined) return { label: 'devcert', certificates: [new X509Certificate(pem)] };
  throw new DevcertError('no-authority', 'there is no CA to verify against', {
    hint: say`make one: ${{ command: 'install', ca: context.ca }}; or ask others: ${{ roots: 'system' }}`,
  });
}

/** What this machine knows of authorities, for the cause of a failure. */
export function worldOf(context: Context, { label }: Roots, systemTrusts: boolean): World {
  const state = context.stateFolder;
  const known = authorityCertificates(state);
  const retired = known
    .map(({ name }) => contextOf(context, name).folder)
    .flatMap((folder) => retiredRootFiles(folder))
    .flatMap((file) => certificateIn(file) ?? []);
  // The roots of authorities that were replaced go with the stores; what they issued stays written down.
  const isIssuedHere = (leaf: X509Certificate) => {
    const sha256 = sha256Of(leaf);
    return findEntries(state, [sha256]).some((entry) => entry.certificate?.sha256 === sha256);
  };
  return {
    known,
    retired,
    isIssuedHere,
    systemTrusts,
    asked: { label, ca: context.ca ?? 'default' },
  };
}
