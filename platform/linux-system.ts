/** The system's own trust store on Linux and FreeBSD: a file in a folder, and a command that spreads it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DevcertError, printable } from '../src/errors.ts';
import { anchorFile, findLayout, findRefresh, type Layout, systemName } from './linux-layouts.ts';
import {
  findTraces,
  leavesGap,
  listAuthorities,
  listFiles,
  type Traces,
  withoutRoot,
} from './linux-traces.ts';
import { reportStore } from './report-store.ts';
import type {
  Command,
  CommandResult,
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

/** Makes the folder for anchors. */
export function makeFolderCommand(layout: Layout): Command {
  return { file: 'install', args: ['-d', '-m', '0755', layout.anchors[0]], elevated: true };
}

/**
 * Write the anchor: an empty file that everybody can read replaces what is there, a link too, and gets
 * its contents. (`install` could do both at once only from a file that root can read.)
 */
export function writeAnchorCommands(
  layout: Layout,
  root: Pick<Root, 'sha256' | 'pem'>,
): readonly Command[] {
  const file = anchorFile(layout, root);
  return [
    { file: 'install', args: ['-m', '0644', '/dev/null', file], elevated: true },
    { file: 'tee', args: [file], input: root.pem, elevated: true },
  ];
}

/** Removes files; those that are gone already do not matter. */
export function removeCommand(files: readonly string[]): Command {
  return { file: 'rm', args: ['-f', '--', ...files], elevated: true };
}

/** Writes a file of several certificates anew, without the root. */
function takeOutCommand(layout: Layout, file: string, root: Root, sysroot: string): Command {
  const input = withoutRoot(layout, file, root, sysroot);
  if (input !== undefined) return { file: 'tee', args: [file], input, elevated: true };
  throw new DevcertError(
    'store',
    `the root is one of several certificates in "${printable(file)}"`,
    { hint: 'take it out of that file by hand, then run this again' },
  );
}

/** Removes the folder for anchors; fails if it is not empty. */
export function removeFolderCommand(layout: Layout): Command {
  return { file: 'rmdir', args: ['--', layout.anchors[0]], elevated: true };
}

/** Carries the anchors into what programs read. @param program as {@link findRefresh} gives it */
export function refreshCommand(program: { file: string; args: readonly string[] }): Command {
  return { ...program, elevated: true, timeoutMs: REFRESH_TIMEOUT_MS };
}

function manualStore(hint: string, name: string): TrustStore {
  return reportStore({ kind: 'system', name, location: '/etc/ssl' }, (root) => ({
    reason: 'devcert does not know how this system keeps its CAs',
    hint: hint.replace('FILE', root.file),
    needed: true,
  }));
}

function layoutStore(layout: Layout, name: string, host: Host): TrustStore {
  return {
    kind: 'system',
    name,
    location: layout.anchors[0],
    lacks: findRefresh(layout, host) === undefined ? refreshProgram(layout) : undefined,
    inspect: (root) => Promise.resolve(inspect(layout, root, host)),
    // then(): what a plan throws is a rejection.
    planInstall: (root) => Promise.resolve().then(() => planInstall(layout, root, host)),
    planUninstall: (root) => Promise.resolve().then(() => planUninstall(layout, root, host)),
    list: (organization) => Promise.resolve(listAuthorities(layout, organization, host.sysroot)),
    explain: (command, result) => explain(layout, command, result),
  };
}

function inspect(layout: Layout, root: Root, host: Host): StoreState {
  let traces: Traces;
  try {
    traces = findTraces(layout, root, host.sysroot);
  } catch (error) {
    if (!(error instanceof DevcertError)) throw error;
    return { state: 'unavailable', reason: error.message, needed: true };
  }
  const { holding, lacking, links } = traces;
  const anchors = [...traces.anchors, ...traces.mixed];
  if (holding.length > 0 && lacking.length === 0) return { state: 'trusted' };
  if (holding.length > 0)
    return {
      state: 'partial',
      reason: `missing from ${lacking.join(', ')}${layout.whyPartial ?? ''}`,
    };
  if (anchors.length > 0)
    return {
      state: 'partial',
      reason: `"${anchors[0] ?? ''}" is there, but it has not reached ${lacking.join(', ') || 'any bundle'}`,
    };
  if (links.length > 0)
    return { state: 'partial', reason: `links to it are left: ${links.join(', ')}` };
  return { state: 'absent' };
}

function planInstall(layout: Layout, root: Root, host: Host): readonly Command[] {
  const program = findRefresh(layout, host);
  // Before anything is written: an anchor without its refresh helps nobody.
  if (program === undefined) throw missingProgram(layout);
  const isThere = existsSync(join(host.sysroot, layout.anchors[0]));
  return [
    ...(isThere ? [] : [makeFolderCommand(layout)]),
    ...writeAnchorCommands(layout, root),
    refreshCommand(program),
  ];
}

function planUninstall(layout: Layout, root: Root, host: Host): readonly Command[] {
  const { holding, anchors, mixed, links } = findTraces(layout, root, host.sysroot);
  const files = [...anchors, ...links];
  if (holding.length === 0 && files.length === 0 && mixed.length === 0) return [];
  const program = findRefresh(layout, host);
  if (program === undefined && holding.length > 0) throw missingProgram(layout);
  const folder = layout.anchors[0];
  const emptied =
    layout.makesFolder === true &&
    anchors.some((file) => dirname(file) === folder) &&
    listFiles(folder, host.sysroot).every((file) => anchors.includes(file));
  return [
    ...(files.length === 0 ? [] : [removeCommand(files)]),
    ...mixed.map((file) => takeOutCommand(layout, file, root, host.sysroot)),
    ...(program === undefined
      ? []
      : [
          refreshCommand(
            leavesGap(layout, links, host.sysroot) ? withFresh(layout, program) : program,
          ),
        ]),
    // Last: whatever comes of it, the root is out by then.
    ...(emptied ? [removeFolderCommand(layout)] : []),
  ];
}

function withFresh(layout: Layout, program: { file: string; args: readonly string[] }) {
  return { ...program, args: [...program.args, ...(layout.fresh ?? [])] };
}

function explain(
  layout: Layout,
  command: Command,
  result: CommandResult,
): { reason: string; hint?: string } | undefined {
  const output = `${result.stderr}\n${result.stdout}`;
  if (
    result.failure === 'not-found' &&
    layout.refresh.some(([it]) => it === basename(command.file))
  ) {
    const { message, hint } = missingProgram(layout);
    return { reason: message, hint };
  }
  if (/read-only file system/i.test(output))
    return {
      reason: 'the file system is read-only',
      hint: 'add the root the way this system is configured (its image, its configuration file)',
    };
  if (/dynamic CA configuration feature is in the disabled state/i.test(output))
    return {
      reason: 'dynamic CA configuration is switched off on this system',
      hint: 'sudo update-ca-trust enable, then run this again',
    };
  return undefined;
}

function missingProgram(layout: Layout): DevcertError {
  const { program, ...hint } = refreshProgram(layout);
  return new DevcertError('command', `"${program}" is not installed`, hint);
}

function refreshProgram({ refresh: [[program]], package: name }: Layout): MissingProgram {
  return { program, hint: name && `install the package ${name}` };
}
