/** What an authority may certify, and how it comes to certify more. */
import { type Text, say } from '../errors.ts';
import { assertPermitted } from '../names/constraints.ts';
import type { Name } from '../names/names.ts';
import type { Authority } from './authority.ts';
import { assertNotSealed } from './keeping.ts';
import { authorityNameOf } from './marker.ts';
import { readOrigin } from './origin.ts';

/**
 * Makes sure that the authority's constraints permit every name.
 *
 * @throws DevcertError `outside-constraints`, with the command that permits them for this very authority;
 *   `refused` if it is sealed for others.
 */
export function assertCertifies(authority: Authority, names: readonly Name[]): void {
  assertPermitted(authority.constraints, names, (permit) => {
    const asked = names.map(({ value }) => value);
    assertNotSealed(authority.keeping, authority.folder ?? '', asked);
    return permitting(authority, permit);
  });
}

function permitting(authority: Authority, permit: readonly string[]): Text {
  const { folder = '', root, usages, clientsOnly } = authority;
  const ca = authorityNameOf(folder);
  if (readOrigin(folder, root) !== undefined)
    return say`an imported CA keeps its constraints; use another: ${{ command: 'ca create', names: 'NAME', permit }}`;
  // No store trusts it, so there is nothing to install.
  const isForStores = clientsOnly !== true && usages.includes('serverAuth');
  if (ca === undefined || isForStores) return { command: 'install', permit, ca };
  return { command: 'ca replace', names: ca, permit };
}
