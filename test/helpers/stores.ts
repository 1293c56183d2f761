/** Trust stores that live in memory, each as good or bad as a test needs it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type {
  Command,
  CommandResult,
  FindOptions,
  Host,
  MissingProgram,
  Root,
  StoreFinder,
  StoreKind,
  StoreState,
  TrustStore,
} from '../../platform/types.ts';
import type { Context } from '../../src/commands/context.ts';
import { fakeHost, stateAt, temporaryFolder } from './host.ts';

export interface MemoryStore extends TrustStore {
  /** SHA-256 of every root in it. */
  readonly roots: Set<string>;
}

export interface MemoryStoreOptions {
  readonly kind?: StoreKind;
  readonly name?: string;
  /** How its commands end: `lies` says 0 and does nothing. */
  readonly behaviour?: 'works' | 'fails' | 'lies' | 'refuses' | 'hangs';
  readonly unavailable?: {
    reason: string;
    hint?: string;
    needed: boolean;
    empty?: boolean;
    lacks?: string;
    byHand?: string;
  };
  /** A program that its commands would need. */
  readonly lacks?: MissingProgram;
  /** Number of another store that its commands reach, too. */
  readonly reaches?: number;
  readonly elevated?: boolean;
  readonly restart?: string;
  readonly scope?: 'user' | 'machine';
}

/** Stores, and the host whose runner knows how to carry out their commands. */
export function memoryMachine(
  stores: readonly MemoryStoreOptions[],
  overrides: Partial<Host> = {},
): { host: Host; finders: StoreFinder[]; stores: MemoryStore[]; ran: Command[] } {
  const made = stores.map((options, index) => memoryStore(options, index));
  const ran: Command[] = [];
  const host = fakeHost({
    ...overrides,
    run: (command) => {
      ran.push(command);
      const [verb, index, sha256 = ''] = command.args;
      const store = made[Number(index)];
      const behaviour = stores[Number(index)]?.behaviour ?? 'works';
      if (store !== undefined && behaviour === 'works') {
        if (verb === 'add') store.roots.add(sha256);
        if (verb === 'add') made[stores[Number(index)]?.reaches ?? -1]?.roots.add(sha256);
        else store.roots.delete(sha256);
      }
      return Promise.resolve(endings[behaviour]);
    },
  });
  const kinds = [...new Set(made.map(({ kind }) => kind))];
  const finders = kinds.map((kind) => ({
    kind,
    find: (_host: Host, { machine, everywhere }: FindOptions) =>
      Promise.resolve(
        made.filter(
          (store) =>
            store.kind === kind &&
            (store.scope === undefined ||
              everywhere === true ||
              (store.scope === 'machine') === (machine === true)),
        ),
      ),
  }));
  return { host, finders, stores: made, ran };
}

/**
 * The same with an empty project to work in, and no authority yet.
 *
 * @param state where the state folder is to be made, below a temporary folder.
 */
export function projectMachine(
  stores: readonly MemoryStoreOptions[] = [{}, { kind: 'nss', name: 'Firefox' }],
  overrides: Partial<Host> = {},
  state = 'state',
) {
  const made = memoryMachine(stores, overrides);
  const base = temporaryFolder();
  const context: Context = {
    host: made.host,
    finders: made.finders,
    ...stateAt(join(base, state)),
    cwd: join(base, 'project'),
  };
  mkdirSync(context.cwd);
  return { ...made, base, context };
}

const endings: Record<NonNullable<MemoryStoreOptions['behaviour']>, CommandResult> = {
  works: { exitCode: 0, stdout: '', stderr: '' },
  lies: { exitCode: 0, stdout: 'done', stderr: '' },
  fails: { exitCode: 3, stdout: '', stderr: 'first line\nthe disk is on fire\n' },
  refuses: { exitCode: undefined, stdout: '', stderr: 'sudo: no', failure: 'elevation-refused' },
  hangs: { exitCode: undefined, stdout: '', stderr: '', failure: 'timeout' },
};

function memoryStore(options: MemoryStoreOptions, index: number): MemoryStore {
  const roots = new Set<string>();
  const seen = new Map<string, Buffer>();
  const command = (verb: string, root: Root): Command => ({
    file: 'tool',
    args: [verb, String(index), root.sha256],
    elevated: options.elevated === true,
  });
  return {
    kind: options.kind ?? 'system',
    name: options.name ?? `store ${index}`,
    location: `memory:${index}`,
    ...(options.scope === undefined ? {} : { scope: options.scope }),
    ...(options.lacks === undefined ? {} : { lacks: options.lacks }),
    ...(options.restart === undefined ? {} : { restart: options.restart }),
    roots,
    inspect: (root): Promise<StoreState> =>
      Promise.resolve(
        options.unavailable === undefined
          ? { state: roots.has(root.sha256) ? 'trusted' : 'absent' }
          : { state: 'unavailable', ...options.unavailable },
      ),
    planInstall: (root) => {
      seen.set(root.sha256, root.der);
      return Promise.resolve([command('add', root)]);
    },
    list: () => Promise.resolve([...roots].flatMap((sha256) => seen.get(sha256) ?? [])),
    planUninstall: (root) =>
      Promise.resolve(roots.has(root.sha256) ? [command('remove', root)] : []),
  };
}
