/** The two stores of Windows that devcert knows: the user's and the machine's. */
import type { FindOptions, Root, TrustStore } from './types.ts';

/** Whose store it is. */
export type Scope = 'user' | 'machine';

/** Whose store is meant, the machine's or the user's: both, where it is to be found everywhere. */
export function scopesOf({ machine, everywhere }: FindOptions): readonly Scope[] {
  if (everywhere === true) return ['machine', 'user'];
  return [machine === true ? 'machine' : 'user'];
}

/** How a store is called. */
export function storeNames(scope: Scope): Pick<TrustStore, 'name' | 'location'> {
  return scope === 'machine'
    ? { name: 'Windows (whole machine)', location: 'LocalMachine\\Root' }
    : { name: 'Windows', location: 'CurrentUser\\Root' };
}

/** What somebody at that Windows types to remove the root. */
export function byHand({ sha1 }: Pick<Root, 'sha1'>, scope: Scope): string {
  return ['certutil.exe', ...scoped(scope), '-delstore', 'Root', sha1].join(' ');
}

/** What certutil.exe is told for the store of the user. */
export function scoped(scope: Scope): string[] {
  return scope === 'user' ? ['-user'] : [];
}
