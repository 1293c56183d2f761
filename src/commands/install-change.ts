/** What `install` is to make: the first authority, or one with other constraints or another keeping of its key. */
import { loadAuthority } from '../authority/folder.ts';
import { assertNotSealed, readKeeping } from '../authority/keeping.ts';
import { readOrigin } from '../authority/origin.ts';
import { DevcertError, say } from '../errors.ts';
import { type Constraints, defaultConstraints } from '../names/constraints.ts';
import { addPermits } from '../names/permit.ts';
import type { Context } from './context.ts';
import type { InstallOptions } from './install.ts';
import { isAsWished, keeperFor } from './keeper.ts';
import { newAuthority, type Successor } from './replace.ts';

/** An authority that is to be made. */
export interface Wanted {
  readonly constraints: Constraints | undefined;
  /** Makes it. Asks first for what the keeping of its key takes. */
  successor(): Promise<Successor>;
}

type Wishes = Pick<InstallOptions, 'constraints' | 'passphrase' | 'sshAgent' | 'force'>;

/** The first authority in the folder. @param permits checked. */
export async function wantedFirst(
  context: Context,
  permits: readonly string[],
  wishes: Wishes,
): Promise<Wanted> {
  const { constraints } = wishes;
  const wanted =
    constraints === false
      ? undefined
      : await addPermits(defaultConstraints(context.host.hostname), permits);
  return {
    constraints: wanted,
    successor: async () => newAuthority(context, await keeperFor(context, wishes), wanted),
  };
}

/**
 * What is to take the place of the authority that is there; undefined to keep it.
 *
 * @throws DevcertError `refused` for a sealed or imported one, which stay as they are.
 */
export async function wantedChange(
  context: Context,
  permits: readonly string[],
  wishes: Wishes,
): Promise<Wanted | undefined> {
  const { constraints } = wishes;
  const { folder, ca } = context;
  const isAsked = permits.length > 0 || constraints === false;
  const protects = !isAsWished(readKeeping(folder), wishes);
  if (!isAsked && !protects) return undefined;
  const authority = await loadAuthority(folder);
  assertNotSealed(authority.keeping, folder);
  const current = authority.constraints;
  if (current === undefined && !protects) return undefined;
  if (readOrigin(folder, authority.root) !== undefined)
    throw isAsked
      ? new DevcertError('refused', 'an imported CA keeps the constraints it came with', {
          hint: say`make one of your own beside it: ${{ command: 'ca create', names: 'NAME', permit: 'DOMAIN' }}`,
        })
      : new DevcertError('refused', 'an imported CA keeps the key it came with', {
          hint:
            wishes.passphrase === true
              ? say`encrypt that: ${{ command: 'ca protect', names: ca, keepKey: true }}`
              : say`make one of your own beside it: ${{ command: 'ca create', names: 'NAME', sshAgent: true }}`,
        });
  const wanted =
    constraints === false || current === undefined ? undefined : await addPermits(current, permits);
  if (!protects && wanted?.dns.length === current?.dns.length) return undefined;
  return {
    constraints: wanted,
    successor: async () => newAuthority(context, await keeperFor(context, wishes), wanted),
  };
}
