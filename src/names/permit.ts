/** What a person permits, and what a refusal advises them to: by the public suffix list, which is large. */
import { DevcertError, rewording, say, type Step } from '../errors.ts';
import { type Constraints, isPermitted, localDomains, OutsideConstraints } from './constraints.ts';
import { parseName } from './names.ts';
import { loadSuffixes } from './publicsuffix.ts';
import { isCovered } from './subtrees.ts';

/**
 * The constraints with these domains permitted, too.
 *
 * @throws DevcertError as {@link parsePermit} for one of `permits`
 */
export async function addPermits(
  constraints: Constraints,
  permits: readonly string[],
  typed?: Step,
): Promise<Constraints> {
  let { dns } = constraints;
  for (const permit of permits) {
    const value = await parsePermit(permit, typed);
    if (!isPermitted({ ...constraints, dns }, { type: 'dns', value })) dns = [...dns, value];
  }
  return { ...constraints, dns };
}

/**
 * The domain, canonical, that `--permit` names; it may be one that is permitted anyway.
 *
 * @param typed the command that is to permit it.
 *
 * @throws DevcertError `invalid-name` if it is no plain domain or one that Java cannot read in a
 *   constraint; `refused` for a public suffix, below which strangers have their names
 */
export async function parsePermit(
  text: string,
  typed: Step = { command: 'install' },
): Promise<string> {
  const plain = text.replace(/^(?:\*\.|\.)+/, '');
  const domain = parseDomain(plain, typed);
  if (plain !== text)
    throw new DevcertError(
      'invalid-name',
      `a permit for "${domain}" takes no "*." or dot in front`,
      {
        hint: say`a domain permits all names below it: ${{ ...typed, permit: domain }}`,
      },
    );
  if (isCovered(localDomains, domain)) return domain;
  if ((await loadSuffixes()).isPublicSuffix(domain))
    throw new DevcertError('refused', `"${domain}" is a public suffix: it belongs to everyone`, {
      hint: say`permit a domain of your own below it: ${{ ...typed, permit: `my-company.${domain}` }}`,
    });
  return domain;
}

/** The same error with what the list knows in its hint, if it is one that the list knows more of. */
export async function advised(error: DevcertError): Promise<DevcertError> {
  if (!(error instanceof OutsideConstraints)) return error;
  return OutsideConstraints.advised(error, await loadSuffixes());
}

function parseDomain(text: string, typed: Step): string {
  const name = rewording(
    () => parseName(text),
    () => ({ hint: say`give one plain domain: ${{ ...typed, permit: 'corp.example' }}` }),
  );
  if (name.type !== 'dns')
    throw new DevcertError('invalid-name', `"${name.value}" is not a domain`, {
      hint: 'private and loopback addresses are permitted already, others cannot be',
    });
  // Java refuses every certificate of an authority whose constraints it cannot parse.
  if (name.value.includes('_'))
    throw new DevcertError('invalid-name', `"${name.value}" has an underscore`, {
      hint: say`permit a domain above it: ${{ ...typed, permit: 'corp.example' }}`,
    });
  return name.value;
}
