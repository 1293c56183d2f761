/** Authorities made, imported, shown and replaced: `devcert ca` as functions. */
import type {
  CreateOptions,
  ImportAuthorityOptions,
  ImportSource,
  NamedOptions,
  ReplaceOptions,
} from '../commands/ca.ts';
import type { DryRunOption } from '../commands/context.ts';
import type { ExportAuthorityOptions, ExportedAuthority } from '../commands/ca-export.ts';
import type { AgentChoice } from '../commands/keeper.ts';
import type { ProtectOptions } from '../commands/protect.ts';
import type { RemovedAuthority } from '../commands/ca-remove.ts';
import type { AuthorityResult, ReplaceResult } from '../commands/replace.ts';
import type { AuthoritySummary } from '../authority/summary.ts';
import { checked, nameOf, type Spec, textOf, textsOf } from './arguments.ts';
import { context, contextWithStores, type Listener } from './composition.ts';

const createSpec: Spec<CreateOptions> = {
  ...{ permit: 'list', constraints: 'boolean', clientsOnly: 'boolean' },
};
const agentSpec: Spec<AgentChoice> = { sshAgent: 'text or boolean', force: 'boolean' };
const namedSpec: Spec<NamedOptions> = { ...createSpec, ...agentSpec, passphrase: 'boolean' };
const sourceSpec: Spec<ImportSource> = {
  ...{ key: 'text', root: 'text', password: 'text', keyPassword: 'text', clientsOnly: 'boolean' },
};
const importSpec: Spec<ImportAuthorityOptions> = {
  ...sourceSpec,
  ...{ name: 'text', trustOnly: 'boolean', force: 'boolean', passphrase: 'boolean' },
  dryRun: 'boolean',
};
const exportSpec: Spec<ExportAuthorityOptions> = {
  ...{ out: 'text', file: 'text', der: 'boolean', withKey: 'boolean' },
  ...{ password: 'text', keyPassword: 'text', force: 'boolean' },
};

/**
 * Makes an authority with a name, beside the default one; its name is what `ca` says elsewhere. No store
 * trusts it until `install({ ca })`.
 *
 * @throws DevcertError `usage`, `refused` if there is one of this name, `invalid-name`, `file`, `busy`,
 *   `password`, `agent`.
 */
export async function createAuthority(
  name: string,
  options: NamedOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<AuthorityResult> {
  const { createNamed } = await import('../commands/ca.ts');
  const here = await context(listener);
  return createNamed(here, textOf(name, 'the name'), checked(options, namedSpec));
}

/** The default authority, if there is one, and those with names. */
export async function listAuthorities(): Promise<AuthoritySummary[]> {
  const { listAuthorities } = await import('../commands/ca.ts');
  return listAuthorities(await context({}));
}

/**
 * What one authority may certify, until when, and in which folder.
 *
 * @throws DevcertError `no-authority`, `invalid-authority`.
 */
export async function showAuthority(
  name?: string,
): Promise<AuthoritySummary & { readonly issued: number }> {
  const { showAuthority } = await import('../commands/ca.ts');
  return showAuthority(await context({}, nameOf(name)), name);
}

/**
 * Keeps an authority that somebody else made, after it was checked. Put into no store.
 *
 * @param sources `mkcert`, folders, files: PEM, DER, PKCS#12, JKS.
 * @throws DevcertError `file`, `invalid-input`, `password`, `expired`, `weak-key`, `refused`, `busy`.
 */
export async function importAuthority(
  sources: string | readonly string[],
  options: ImportAuthorityOptions = {},
  listener: Listener = {},
): Promise<AuthorityResult | ReplaceResult> {
  const { importAuthority } = await import('../commands/ca.ts');
  return importAuthority(
    await contextWithStores(listener),
    textsOf(sources, 'the sources'),
    checked(options, importSpec),
  );
}

/**
 * The root of an authority, into a file or as PEM; with `withKey` also its key, encrypted.
 *
 * @throws DevcertError `no-authority`, `usage`, `password`, `file`.
 */
export async function exportAuthority(
  name?: string,
  options: ExportAuthorityOptions = {},
  listener: Pick<Listener, 'password' | 'progress'> = {},
): Promise<ExportedAuthority> {
  const { exportAuthority } = await import('../commands/ca-export.ts');
  const here = await context(listener, nameOf(name));
  return exportAuthority(here, name, checked(options, exportSpec));
}

/**
 * Another authority in the place of one: trusted by the stores that trust the old one, everything issued
 * again, then the old one dropped.
 *
 * @param sources of an authority to import; a new one with the same constraints if there are none.
 * @throws DevcertError `no-authority`, `agent` and those of {@link importAuthority}.
 */
export async function replaceAuthority(
  name?: string,
  sources: string | readonly string[] = [],
  options: ReplaceOptions = {},
  listener: Listener = {},
): Promise<ReplaceResult> {
  const { replaceNamed } = await import('../commands/ca.ts');
  const spec = { ...sourceSpec, ...createSpec, ...agentSpec, dryRun: 'boolean' } as const;
  const wanted = checked(options, spec);
  const all = await contextWithStores(listener, nameOf(name));
  return replaceNamed(all, name, textsOf(sources, 'the sources'), wanted);
}

/**
 * Has the key of an authority encrypted, with a passphrase that `password` of the listener is asked for. A new
 * authority takes the place of one whose key lay open, whose root leaves every store; with `keepKey` the same
 * key is encrypted, of which open copies may be left.
 *
 * @throws DevcertError `no-authority`, `refused`, `password` and those of {@link replaceAuthority}.
 */
export async function protectAuthority(
  name?: string,
  options: ProtectOptions = {},
  listener: Listener = {},
): Promise<ReplaceResult> {
  const { protect } = await import('../commands/protect.ts');
  const all = await contextWithStores(listener, nameOf(name));
  return protect(all, name, checked(options, { keepKey: 'boolean', dryRun: 'boolean' }));
}

/**
 * Writes the encrypted key of an authority into an open file again.
 *
 * @throws DevcertError `no-authority`, `refused`, `password`.
 */
export async function unprotectAuthority(
  name?: string,
  listener: Listener = {},
): Promise<ReplaceResult> {
  const { unprotect } = await import('../commands/protect.ts');
  return unprotect(await contextWithStores(listener, nameOf(name)), name);
}

/**
 * Takes the root of an authority with a name out of every store and deletes it.
 *
 * @throws DevcertError `no-authority`, `usage`, `store`.
 */
export async function removeAuthority(
  name: string,
  options: DryRunOption = {},
  listener: Listener = {},
): Promise<RemovedAuthority> {
  const { removeNamed } = await import('../commands/ca-remove.ts');
  const all = await contextWithStores(listener, nameOf(name));
  return removeNamed(all, textOf(name, 'the name'), checked(options, { dryRun: 'boolean' }));
}
