/**
 * One command of the product with two trust stores that are a file: what is killed where stores take part.
 * Bundled by the test; `contextWith()` is also what looks at the stores afterwards.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command, Root, StoreKind, TrustStore } from '../../platform/types.ts';
import { createNamed, importAuthority, replaceNamed } from '../../src/commands/ca.ts';
import type { Context } from '../../src/commands/context.ts';
import { install } from '../../src/commands/install.ts';
import { mtlsRotate } from '../../src/commands/mtls-rotate.ts';
import { protect, unprotect } from '../../src/commands/protect.ts';
import { uninstall } from '../../src/commands/uninstall.ts';
import { context } from '../../src/api/composition.ts';
import { Keyring } from '../../src/signer/keyring.ts';

/** The roots (SHA-256) in each store. */
export function readStores(home: string): string[][] {
  return JSON.parse(readFileSync(join(home, 'stores.json'), 'utf8')) as string[][];
}

/** Writes them; as one step, as it is the devcert that is killed and not the store's own program. */
export function writeStores(home: string, stores: readonly (readonly string[])[]): void {
  writeFileSync(join(home, 'stores.json'), JSON.stringify(stores));
}

/** The context that the command has in a home, with the stores in its `stores.json`. */
export async function contextWith(home: string): Promise<Context> {
  process.env.DEVCERT_HOME = join(home, 'state');
  // The folder is decided before the first await: several homes may be at work.
  const real = await context({});
  const kinds: StoreKind[] = ['system', 'nss'];
  const stores = kinds.map((kind, index) => fileStore(home, kind, index));
  return {
    ...real,
    keys: new Keyring({ passphrase: () => Promise.resolve(PASSPHRASE) }),
    cwd: join(home, 'project'),
    // As if no DEVCERT_HOME were set: no list of other homes is kept then.
    defaultFolder: join(home, 'state'),
    host: {
      ...real.host,
      run: ({ args: [verb, index, sha256 = ''] }) => {
        const all = readStores(home).map((roots) => new Set(roots));
        if (verb === 'add') all[Number(index)]?.add(sha256);
        else all[Number(index)]?.delete(sha256);
        writeStores(
          home,
          all.map((roots) => [...roots]),
        );
        return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
      },
    },
    finders: kinds.map((kind, index) => ({
      kind,
      find: () => Promise.resolve(stores.slice(index, index + 1)),
    })),
  };
}

/** Of every key that is encrypted here. */
export const PASSPHRASE = 'correct horse';

/** What can be killed. */
export const actions = {
  'install --passphrase': (it: Context) => install(it, { passphrase: true }),
  'ca protect': (it: Context) => protect(it, undefined),
  'ca protect --keep-key': (it: Context) => protect(it, undefined, { keepKey: true }),
  'ca unprotect': (it: Context) => unprotect(it, undefined),
  install: (it: Context) => install(it),
  'install --sealed': (it: Context) => install(it, { sealed: ['localhost'] }),
  'install --permit': (it: Context) => install(it, { permit: ['corp.dev'] }),
  'ca replace': (it: Context) => replaceNamed(it, undefined),
  'ca replace, encrypted': (it: Context) => replaceNamed(it, undefined),
  'ca create': (it: Context) => createNamed(it, 'people', { clientsOnly: true }),
  'ca import --force': (it: Context) =>
    importAuthority(it, [join(it.cwd, '../import')], { force: true }),
  'mtls rotate': (it: Context) => mtlsRotate(it, { dir: 'api' }),
  'mtls rotate --issue': (it: Context) => mtlsRotate(it, { dir: 'api', issue: true }),
  'mtls rotate --finish': (it: Context) => mtlsRotate(it, { dir: 'api', finish: true }),
  'uninstall --purge': (it: Context) => uninstall(it, { purge: true }),
} satisfies Record<string, (it: Context) => Promise<unknown>>;

function fileStore(home: string, kind: StoreKind, index: number): TrustStore {
  const has = ({ sha256 }: Root) => readStores(home)[index]?.includes(sha256) === true;
  const command = (verb: string, { sha256 }: Root): Command => ({
    file: 'tool',
    args: [verb, String(index), sha256],
    elevated: false,
  });
  return {
    kind,
    name: kind,
    location: `file:${index}`,
    inspect: (root) => Promise.resolve({ state: has(root) ? 'trusted' : 'absent' }),
    planInstall: (root) => Promise.resolve([command('add', root)]),
    planUninstall: (root) => Promise.resolve(has(root) ? [command('remove', root)] : []),
  };
}

const [, , home, action] = process.argv;
if (process.env.DEVCERT_TEST_KILL_AT !== undefined && home !== undefined)
  await actions[action as keyof typeof actions](await contextWith(home));
