/** The system's own trust store on Linux and FreeBSD: a file in a folder, and a command that spreads it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DevcertError, printable } from '../src/errors.ts';
import {
  anchorFile,
  findLayout,
  findRefresh,
  type Layout,
  type Place,
  type Program,
  systemName,
} from './linux-layouts.ts';
import {
  findTraces,
  leavesGap,
  listAuthorities,
  listFiles,
  type Traces,
  withoutRoot,
} from './linux-traces.ts';
import { explainBy, type Meaning, partial, reportStore } from './report-store.ts';
import type {
  Command,
  Explanation,
  Host,
  MissingProgram,
  Root,
  StoreFinder,
  StoreState,
  TrustStore,
} from './types.ts';

const REFRESH_TIMEOUT_MS = 120_000;

/** Finds the system store: one on every Linux and FreeBSD, none elsewhere. */
export const linuxSystemStores: StoreFinder = {
  kind: 'system',
  platforms: ['linux', 'freebsd'],
  find: (host) => {
    const found = findLayout(host);
    if (found === undefined) return Promise.resolve([]);
    const name = `${printable(systemName(host))} system store`;
    return Promise.resolve([
      'layout' in found ? layoutStore(found.layout, name, host) : manualStore(found.hint, name),
    ]);
  },
};

function manualStore(hint: string, name: string): TrustStore {
  return reportStore({ kind: 'system', name, location: '/etc/ssl' }, (root) => ({
    reason: 'devcert does not know how this system keeps its CAs',
    hint: hint.replace('FILE', root.file),
    needed: true,
  }));
}

function layoutStore(layout: Layout, name: string, host: Host): TrustStore {
  const place = { layout, sysroot: host.sysroot };
  const program = findRefresh(layout, host);
  return {
    kind: 'system',
    name,
    location: layout.anchors[0],
    lacks: program === undefined ? refreshProgram(layout) : undefined,
    inspect: (root) => Promise.resolve(inspect(place, root)),
    // then(): what a plan throws is a rejection.
    planInstall: (root) => Promise.resolve().then(() => planInstall(place, root, program)),
    planUninstall: (root) => Promise.resolve().then(() => planUninstall(place, root, program)),
    list: (organization) => Promise.resolve(listAuthorities(place, organization)),
    explain: (command, result) =>
      result.failure === 'not-found' && layout.refresh.some(([it]) => it === basename(command.file))
        ? whyMissing(layout)
        : explainBy(explanations, result),
  };
}

function inspect(place: Place, root: Root): StoreState {
  let traces: Traces;
  try {
    traces = findTraces(place, root);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return { state: 'unavailable', reason: error.message, needed: true };
  }
  const { holding, lacking, links } = traces;
  const anchors = [...traces.anchors, ...traces.mixed];
  if (holding.length > 0)
    return lacking.length === 0
      ? { state: 'trusted' }
      : partial(`missing from ${lacking.join(', ')}${place.layout.whyPartial ?? ''}`);
  if (anchors.length > 0)
    return partial(
      `"${anchors[0] ?? ''}" is there, but it has not reached ${lacking.join(', ') || 'any bundle'}`,
    );
  if (links.length > 0) return partial(`links to it are left: ${links.join(', ')}`);
  return { state: 'absent' };
}

function planInstall({ layout, sysroot }: Place, root: Root, program: Program | undefined) {
  // Before anything is written: an anchor without its refresh helps nobody.
  if (program === undefined) throw missingProgram(layout);
  const folder = layout.anchors[0];
  const file = anchorFile(layout, root);
  return [
    ...(existsSync(join(sysroot, folder)) ? [] : [asRoot('install', '-d', '-m', '0755', folder)]),
    // An empty file that everybody can read replaces what is there, a link too, and gets its contents.
    // (`install` could do both at once only from a file that root can read.)
    asRoot('install', '-m', '0644', '/dev/null', file),
    { ...asRoot('tee', file), input: root.pem },
    refreshCommand(program),
  ];
}

function planUninstall(place: Place, root: Root, program: Program | undefined): readonly Command[] {
  const { layout, sysroot } = place;
  const { holding, anchors, mixed, links } = findTraces(place, root);
  const files = [...anchors, ...links];
  if (holding.length === 0 && files.length === 0 && mixed.length === 0) return [];
  if (program === undefined && holding.length > 0) throw missingProgram(layout);
  const folder = layout.anchors[0];
  const emptied =
    layout.makesFolder === true &&
    anchors.some((file) => dirname(file) === folder) &&
    listFiles(folder, sysroot).every((file) => anchors.includes(file));
  const fresh = leavesGap(place, links) ? layout.fresh : [];
  return [
    // Those that are gone already do not matter.
    ...(files.length === 0 ? [] : [asRoot('rm', '-f', '--', ...files)]),
    ...mixed.map((file) => ({ ...asRoot('tee', file), input: withoutRoot(place, file, root) })),
    ...(program === undefined ? [] : [refreshCommand(program, fresh)]),
    // Last: whatever comes of it, the root is out by then. It fails if the folder is not empty.
    ...(emptied ? [asRoot('rmdir', '--', folder)] : []),
  ];
}

/** Carries the anchors into what programs read. */
function refreshCommand({ file, args }: Program, more: readonly string[] = []): Command {
  return { ...asRoot(file, ...args, ...more), timeoutMs: REFRESH_TIMEOUT_MS };
}

function asRoot(file: string, ...args: readonly string[]): Command {
  return { file, args, elevated: true };
}

const explanations: readonly Meaning[] = [
  {
    said: /read-only file system/i,
    reason: 'the file system is read-only',
    hint: 'add the root the way this system is configured (its image, its configuration file)',
  },
  {
    said: /dynamic CA configuration feature is in the disabled state/i,
    reason: 'dynamic CA configuration is switched off on this system',
    hint: 'sudo update-ca-trust enable, then run this again',
  },
];

function missingProgram(layout: Layout): DevcertError {
  const { reason, ...hint } = whyMissing(layout);
  return new DevcertError('command', reason, hint);
}

function whyMissing(layout: Layout): Explanation {
  const { program, hint } = refreshProgram(layout);
  return { reason: `"${program}" is not installed`, hint };
}

function refreshProgram({ refresh: [[program]], package: name }: Layout): MissingProgram {
  return { program, hint: name && `install the package ${name}` };
}
