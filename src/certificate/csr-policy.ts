/**
 * What of a CSR is granted: its key, its names, and for a client its common name. Everything else it
 * asks for is dropped, and listed.
 */
import { commonNameObjection, commonNameProblem } from '../names/common-name.ts';
import type { Constraints } from '../names/constraints.ts';
import { DevcertError, oneLine, rewording, say } from '../errors.ts';
import { type Name, parseName, parseNames } from '../names/names.ts';
import { clientName, parseUsages } from '../names/request.ts';
import { type Csr, isExtensionRequest } from '../x509/csr.ts';
import { assertStrongKey } from '../x509/judge.ts';
import { OID, oidName } from '../x509/oids.ts';
import type { ForeignRequest } from './certify.ts';
import { describeExtension, requestedNames } from './csr-requested.ts';

/** What a CSR may become. */
export interface GrantedCsr {
  readonly request: ForeignRequest;
  /** What was asked for and is not given, one line each. */
  readonly dropped: readonly string[];
}

export interface CsrOptions {
  /** A client certificate: mail addresses, URIs and the common name count, too. */
  readonly client?: boolean;
  /** A certificate for both. */
  readonly peer?: boolean;
  readonly validityDays?: number;
}

/**
 * Holds a CSR against the policy. Names are checked for their form here; the authority's constraints are
 * checked where it is signed.
 *
 * @throws DevcertError `weak-key`, `invalid-name`, `usage`, `invalid-input` if it names nothing or asks
 *   for the same thing twice.
 */
export function grantCsr(csr: Csr, options: CsrOptions = {}): GrantedCsr {
  const usages = parseUsages(options);
  const client = usages.includes('clientAuth');
  assertStrongKey(csr.publicKey);
  assertUnambiguous(csr);
  const dropped: string[] = [];
  const names = requestedNames(csr, client, dropped);
  const commonNames = csr.subject.filter(({ type }) => type === OID.commonName);
  const commonName = commonNames[0]?.value ?? '';
  if (names.length === 0 && commonName !== '') {
    const name = nameInSubject(commonName, options);
    names.push(name);
    if (!client)
      dropped.push(`common name "${oneLine(commonName)}": it became an alternative name`);
  } else if (commonName !== '' && !client)
    dropped.push(
      `common name "${oneLine(commonName)}": a server's names are its alternative names`,
    );
  if (names.length === 0) throw namesNothing(client);
  const formProblem = client && commonName !== '' ? commonNameProblem(commonName) : undefined;
  if (formProblem !== undefined)
    dropped.push(`common name "${oneLine(commonName)}": it ${formProblem}`);
  for (const { value } of commonNames.slice(1)) dropped.push(`common name "${oneLine(value)}"`);
  for (const { type, value } of csr.subject)
    if (type !== OID.commonName) dropped.push(`subject ${oidName(type)} "${oneLine(value)}"`);
  for (const extension of csr.extensions)
    if (extension.type !== OID.subjectAltName) dropped.push(describeExtension(extension));
  for (const type of csr.attributes)
    if (!isExtensionRequest(type)) dropped.push(`attribute ${oidName(type)}`);
  const taken = client && commonName !== '' && formProblem === undefined;
  return {
    request: {
      names: unique(names),
      usages,
      validityDays: options.validityDays,
      publicKey: csr.publicKey,
      commonName: taken ? commonName : undefined,
    },
    dropped: atMost(MAX_TOLD, dropped),
  };
}

/** The same without a common name that an authority with these constraints should not put into a certificate. */
export function holdCommonName(
  granted: GrantedCsr,
  constraints: Constraints | undefined,
): GrantedCsr {
  const { commonName, ...request } = granted.request;
  const objection = commonNameObjection(constraints, granted.request);
  if (commonName === undefined || objection === undefined) return granted;
  const line = `common name "${oneLine(commonName)}": it ${objection}`;
  return { request, dropped: [line, ...granted.dropped] };
}

/** Lines; a certificate's owner has fewer wishes. */
const MAX_TOLD = 40;

function assertUnambiguous(csr: Csr): void {
  const extension = firstDouble(csr.extensions.map(({ type }) => type));
  const twice = extension ?? firstDouble(csr.attributes.filter(isExtensionRequest));
  if (twice === undefined) return;
  // RFC 5280 4.2. Readers differ in which of two they believe.
  throw new DevcertError('invalid-input', `the CSR holds "${oidName(twice)}" twice`, {
    hint: say`have it made again: ${{ command: 'csr', names: 'NAMES…' }}`,
  });
}

function firstDouble(values: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return values.find((value) => seen.size === seen.add(value).size);
}

// RFC 6125 has names in the subjectAltName alone, and many tools still write a common name only.
function nameInSubject(commonName: string, options: CsrOptions): Name {
  const text = options.client === true ? clientName(commonName) : commonName;
  const client = options.client === true || options.peer === true;
  return rewording(
    () => parseName(text, { client }),
    ({ message }) => ({
      message: `the CSR names nothing but its common name: ${message}`,
      hint: say`have it made again with an alternative name: ${{ command: 'csr', names: 'NAMES…' }}`,
    }),
  );
}

function namesNothing(client: boolean): DevcertError {
  return new DevcertError(
    'invalid-input',
    'the CSR names nothing that a certificate could be for',
    {
      hint: client
        ? say`make one with names: ${{ command: 'csr', client: true, names: 'alice' }}`
        : say`make one with names: ${{ command: 'csr', names: ['localhost', 'api.test'] }}`,
    },
  );
}

function unique(names: readonly Name[]): Name[] {
  // Each is canonical, so it gives itself again, whatever its form.
  return parseNames(
    names.map(({ value }) => value),
    { client: true },
  );
}

function atMost(count: number, lines: readonly string[]): string[] {
  const rest = lines.length - count;
  const short = lines.slice(0, count).map((line) => oneLine(line, 160));
  return rest > 0 ? [...short, `and ${rest} more`] : short;
}
