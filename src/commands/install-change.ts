/** What `install` is to make: the first authority, or one with other constraints or another keeping of its key. */
import { hasAuthority, loadAuthority } from '../authority/folder.ts';
import { assertNotSealed, readKeeping } from '../authority/keeping.ts';
import { readOrigin } from '../authority/origin.ts';
import { DevcertError, say } from '../errors.ts';
import { type Constraints, defaultConstraints } from '../names/constraints.ts';
import { addPermits } from '../names/permit.ts';
import type { Context, DryRunOption } from './context.ts';
import { isAsWished, keeperFor, openKeeper, type Protection } from './keeper.ts';
import { newAuthority, type Successor } from './replace.ts';

type Wishes = Protection & DryRunOption & { readonly constraints?: boolean };

/**
 * The first authority in the folder, or what is to take the place of the one that is there; undefined to keep
 * that. Asks for what the keeping of its key takes, but for a dry run.
 *
 * @param permits checked.
 * @throws DevcertError `refused` for a sealed or imported one, which stay as they are.
 */
export async function wantedAuthority(
  context: Context,
  permits: readonly string[],
  wishes: Wishes,
): Promise<Successor | undefined> {
  const wanted = hasAuthority(context.folder)
    ? await wantedChange(context, permits, wishes)
    : { constraints: await permitting(defaultConstraints(context.host.hostname), permits, wishes) };
  if (wanted === undefined) return undefined;
  const keeper = wishes.dryRun === true ? openKeeper : await keeperFor(context, wishes);
  return newAuthority(context, keeper, wanted.constraints);
}

/** Undefined to change nothing. */
async function wantedChange(
  context: Context,
  permits: readonly string[],
  wishes: Wishes,
): Promise<{ readonly constraints: Constraints | undefined } | undefined> {
  const { folder, ca } = context;
  const isAsked = permits.length > 0 || wishes.constraints === false;
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
  const constraints = await permitting(current, permits, wishes);
  return !protects && constraints?.dns.length === current?.dns.length ? undefined : { constraints };
}

/** Undefined: all names, once and for ever. */
async function permitting(
  current: Constraints | undefined,
  permits: readonly string[],
  { constraints }: Wishes,
): Promise<Constraints | undefined> {
  return constraints === false || current === undefined ? undefined : addPermits(current, permits);
}
