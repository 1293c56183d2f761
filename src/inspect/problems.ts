/** What is wrong with one certificate, as the programs that have to take it see it. Pure. */
import { say, type Step, type Text, formatText } from '../errors.ts';
import type { CertificateDetails } from '../x509/details.ts';
import type { GeneralName } from '../x509/general-names.ts';
import type { Problem, ProblemCode } from './types.ts';
import { DAY_MS, MAX_LEAF_DAYS, SOON_DAYS } from '../policy.ts';

/**
 * `leaf`: for a server or client. `authority`: in a chain above one. `anchor`: a root or issuer by itself.
 * `trusted`: one of a store.
 */
export type Role = 'leaf' | 'authority' | 'anchor' | 'trusted';

/** Floor of the days from `now` until `notAfter`. */
export function daysUntil(notAfter: Date, now: Date): number {
  return Math.floor((notAfter.getTime() - now.getTime()) / DAY_MS);
}

/** The role of a certificate that stands alone or first. */
export function roleOf(details: CertificateDetails): Role {
  return details.isAuthority && !isMeantForHost(details) ? 'anchor' : 'leaf';
}

/** A host among its names, or what `openssl req -x509 -subj /CN=localhost` makes: an authority by oversight. */
function isMeantForHost(details: CertificateDetails): boolean {
  const { names, commonName = '', isSelfSigned, keyUsages } = details;
  if (names.some(isHost)) return true;
  const isHostName = /^(?:localhost|(?:\*\.)?[a-z0-9-]+(?:\.[a-z0-9-]+)+)$/i.test(commonName);
  return isHostName && isSelfSigned && keyUsages?.includes('keyCertSign') !== true;
}

/** Everything that is wrong with the certificate itself. */
export function certificateProblems(
  details: CertificateDetails,
  role: Role,
  now: Date,
): Omit<Problem, 'certificate'>[] {
  return [
    ...dateProblems(details, role, now),
    ...details.damaged.map((part) =>
      warning('damaged', `its ${part} cannot be read`, 'strict programs refuse it: make a new one'),
    ),
    ...keyProblems(details, role),
    ...(role === 'leaf' ? leafProblems(details) : []),
  ];
}

function dateProblems(details: CertificateDetails, role: Role, now: Date) {
  const { notBefore, notAfter, names } = details;
  if (notBefore === undefined || notAfter === undefined) return [];
  const again =
    role === 'leaf' ? say`issue it again: ${issueCommand(names)}` : 'get the current one';
  const left = daysUntil(notAfter, now);
  const days = Math.floor((notAfter.getTime() - notBefore.getTime()) / DAY_MS);
  return [
    ...(now > notAfter
      ? [
          role === 'trusted'
            ? warning(
                'expired',
                `it expired ${ago(-left - 1)}`,
                'take it out: it certifies nothing',
              )
            : error('expired', `it expired ${ago(-left - 1)}`, again),
        ]
      : role === 'leaf' && left < SOON_DAYS && days > SOON_DAYS
        ? [warning('expires-soon', `it expires ${ahead(left)}`, again)]
        : []),
    ...(now < notBefore
      ? [
          error(
            'not-yet-valid',
            `it is valid from ${notBefore.toISOString()} on`,
            'wait, or set the clock of the machine that made it or of this one',
          ),
        ]
      : []),
    ...(role === 'leaf' && days > MAX_LEAF_DAYS
      ? [
          warning(
            'too-long',
            `it is valid for ${days} days, and Apple's systems take ${MAX_LEAF_DAYS} at most`,
            again,
          ),
        ]
      : []),
  ];
}

function keyProblems(
  { key, signature, isSelfSigned, isAuthority }: CertificateDetails,
  role: Role,
) {
  const problems: Omit<Problem, 'certificate'>[] = [];
  const { weakness } = key;
  if (weakness !== undefined)
    problems.push(
      error('weak-key', `its key is weak: ${weakness}`, 'make a new key: P-256, or RSA 2048'),
    );
  else if (role === 'leaf' && ['ed25519', 'p521'].includes(key.type)) {
    const who = key.type === 'p521' ? 'Chromium' : 'Chromium and Firefox';
    problems.push(
      warning('unusual-key', `${who} refuse keys of the type ${key.type}`, 'use P-256 or RSA 2048'),
    );
  }
  // Nobody checks the signature of a root: it is trusted for being in the store.
  if (!(isSelfSigned && isAuthority) && /^(?:md|sha1|ecdsaWithSha1$)/.test(signature))
    problems.push(
      error(
        'weak-signature',
        `it is signed with ${signature}, which can be forged`,
        'have it signed again, with SHA-256',
      ),
    );
  return problems;
}

function leafProblems(details: CertificateDetails) {
  const { names, purposes, commonName, isSelfSigned, isAuthority } = details;
  const forClients = purposes?.includes('clientAuth') === true && !isServer(details);
  const hosts = names.filter(isHost);
  const problems: Omit<Problem, 'certificate'>[] = [];
  if (isAuthority)
    problems.push(
      error(
        'authority-as-leaf',
        'it is for a host and an authority at once: Firefox, NSS and rustls refuse it, and its key can sign others',
        say`issue one that is no authority: ${issueCommand(names, commonName)}`,
      ),
    );
  else if (isSelfSigned)
    problems.push(
      warning(
        'self-signed',
        'it is signed by itself: only clients that were told of this very certificate trust it',
        say`have it signed by your authority: ${issueCommand(names, commonName)}`,
      ),
    );
  if (names.length === 0 && (purposes === undefined || isServer(details)))
    problems.push(
      error(
        'no-names',
        `it has no subject alternative names${commonName === undefined ? '' : ', and Chromium, Firefox and Go ignore the common name'}`,
        say`issue one with names: ${issueCommand(names, commonName)}`,
      ),
    );
  if (hosts.length > 0 && !forClients && !isServer(details))
    problems.push(
      purposes === undefined
        ? warning(
            'no-server-purpose',
            "it does not say that it is for servers (serverAuth), which Apple's systems ask for",
            say`issue it again: ${issueCommand(names)}`,
          )
        : error(
            'no-server-purpose',
            'it is not for servers (serverAuth): every client refuses it there',
            say`issue one that is: ${issueCommand(names)}`,
          ),
    );
  if (purposes?.includes('anyExtendedKeyUsage') === true)
    problems.push(
      warning(
        'any-purpose',
        'it is for any purpose (anyExtendedKeyUsage): OpenSSL, Firefox and others refuse it',
        'name the purposes: serverAuth, clientAuth',
      ),
    );
  return [...problems, ...hosts.flatMap(nameProblems)];
}

function nameProblems({ type, value }: GeneralName) {
  if (type !== 'dns') return [];
  const problems: Omit<Problem, 'certificate'>[] = [];
  const rest = value.replace(/^\*\./, '');
  if (rest.includes('*') || (value.startsWith('*') && !rest.includes('.')))
    problems.push(
      error(
        'wildcard',
        rest.includes('*')
          ? `"${value}" has a wildcard that is not its whole first label`
          : `"${value}" is a wildcard directly under a top-level name: most programs do not match it`,
        say`name what is meant: ${{ command: 'issue', names: '"*.app.localhost"' }}`,
      ),
    );
  if (value.includes('_'))
    problems.push(
      warning('underscore', `"${value}" has an underscore: Java refuses it`, 'use a hyphen'),
    );
  return problems;
}

/** True if a server may use it: it says so, or does not say what it is for. */
export function isServer({ purposes }: CertificateDetails): boolean {
  return purposes?.includes('serverAuth') === true;
}

/** A DNS name or an address: what a server is reached by. */
export function isHost({ type }: GeneralName): boolean {
  return type === 'dns' || type === 'ip';
}

/** The command that makes such a certificate; with nothing from the file in it but plain names. */
export function issueCommand(names: readonly GeneralName[], commonName = ''): Step {
  const hosts = names.filter(isHost).map(({ value }) => value);
  const plain = (hosts.length > 0 ? hosts : [commonName]).filter(
    (name) => /^[a-z0-9.:-]{1,60}$/i.test(name) && /^[a-z0-9:]/i.test(name),
  );
  const shown = [...plain.slice(0, 3), ...(plain.length > 3 ? ['…'] : [])];
  return { command: 'issue', names: shown.length === 0 ? 'NAMES…' : shown };
}

export function error(code: ProblemCode, message: string, hint: Text) {
  return { code, severity: 'error', message, hint: formatText(hint) } as const;
}

export function warning(code: ProblemCode, message: string, hint: Text) {
  return { code, severity: 'warning', message, hint: formatText(hint) } as const;
}

function ago(days: number): string {
  return days === 0 ? 'today' : `${days} ${days === 1 ? 'day' : 'days'} ago`;
}

function ahead(days: number): string {
  return days === 0 ? 'today' : `in ${days} ${days === 1 ? 'day' : 'days'}`;
}
