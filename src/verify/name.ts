/** The name that was asked for, among those of a certificate. Pure. */
import { say } from '../errors.ts';
import { formatName, type Name } from '../names/names.ts';
import { loadSuffixes } from '../names/publicsuffix.ts';
import type { CertificateDetails } from '../x509/details.ts';
import { holdsHost } from '../x509/lint-names.ts';
import { issueStep } from '../x509/issue-step.ts';
import { MOST_NAMES } from './problem.ts';
import { problem } from './problem.ts';
import type { VerifyProblem } from './types.ts';

/** Undefined if the certificate is for the name. */
export async function nameProblem(
  { names, commonName }: CertificateDetails,
  name: Name,
  purpose: 'server' | 'client',
): Promise<VerifyProblem | undefined> {
  const isHost = name.type === 'dns' || name.type === 'ip';
  const isThere = isHost
    ? holdsHost(names, name.value)
    : names.some(({ type, value }) => type === name.type && value === name.value);
  const isByStar =
    isThere &&
    name.type === 'dns' &&
    !names.some(({ type, value }) => type === 'dns' && value.toLowerCase() === name.value);
  const parent = name.value.slice(name.value.indexOf('.') + 1);
  if (isThere && !(isByStar && (await loadSuffixes()).isRegistry(parent))) return undefined;
  const wanted = formatName(name);
  const again = issueStep(
    { names: [{ type: name.type, value: name.value }, ...names] },
    MOST_NAMES,
  );
  const step = purpose === 'client' ? { ...again, client: true } : again;
  const fix = say`${step}, and restart the server; or ask by a name that it has`;
  if (names.length === 0)
    return problem(
      'no-names',
      commonName === undefined
        ? `it has no names at all, so "${wanted}" is not among them`
        : `its names are in the common name alone, which browsers and Go do not look at`,
      fix,
    );
  if (isThere)
    return problem(
      'wrong-name',
      `only "*.${parent}" is for "${wanted}": a wildcard for names that belong to everybody`,
      fix,
    );
  const same = names.some(({ value }) => value.toLowerCase() === name.value);
  return problem(
    'wrong-name',
    same
      ? `"${wanted}" stands in it as a name of another form: an address has to be one of type iPAddress`
      : `"${wanted}" is not among its names: ${names
          .slice(0, 8)
          .map(({ value }) => value)
          .join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}`,
    fix,
  );
}
