/** `devcert issue`: names → certificate files of a project. */
import { existsSync } from 'node:fs';
import { hostsFile, readHostNames } from '../../platform/hosts-file.ts';
import { mendModes } from '../authority/folder.ts';
import { type OutputOptions, outputPaths } from '../certificate/output.ts';
import { writeLeaf, type WrittenLeaf } from '../certificate/write.ts';
import { certificateNotes } from '../certificate/notes.ts';
import type { Constraints } from '../names/constraints.ts';
import { worded } from '../errors.ts';
import { isLoopbackName, type Name } from '../names/names.ts';
import { type LeafOptions, type LeafRequest, parseLeafRequest } from '../names/request.ts';
import {
  type AuthorityOption,
  type Context,
  ensureAuthorityFor,
  keyFolderNotes,
  type MadeAuthority,
  refuseSudo,
  stateFolderOf,
  writing,
} from './context.ts';
import type { ExportResult } from './export.ts';
import type { FormatOptions } from './issue-formats.ts';

export interface IssueOptions extends LeafOptions, OutputOptions, AuthorityOption, FormatOptions {
  /** Issue even if a valid pair is there, and over files that are not devcert's. */
  readonly force?: boolean;
}

export interface IssueResult extends WrittenLeaf {
  /** True if there was no authority and this run made it: no store trusts it yet. */
  readonly authorityCreated: boolean;
  /** That authority. */
  readonly made?: MadeAuthority;
  /** One for each format that was asked for. */
  readonly exports?: readonly ExportResult[];
}

/**
 * Issues a certificate for the names into files, making the authority first if there is none. Touches
 * no trust store.
 *
 * @throws DevcertError of every code but `not-trusted`, `store` and `cancelled`.
 */
export async function issue(
  context: Context,
  names: readonly string[],
  options: IssueOptions = {},
  ask?: (what: string) => Promise<string>,
): Promise<IssueResult> {
  const { host, folder, cwd } = context;
  const request = parseLeafRequest(names, options);
  const { out, certFile, keyFile } = options;
  const paths = outputPaths({ out, certFile, keyFile }, cwd);
  // What exports is loaded only where something is exported.
  const formats = options.format === undefined ? undefined : await import('./issue-formats.ts');
  const requests = formats?.parseFormats(options, paths, cwd) ?? [];
  refuseSudo(context);
  const beside = await formats?.exportsBeside(requests, context, request, paths, options, ask);
  const now = host.now();
  const { authority, created, made } = await ensureAuthorityFor(context, request.names, now);
  // Nothing can have been exported of one that is not there yet.
  const isFirst = !existsSync(paths.certFile);
  const modes = created ? [] : mendModes(folder);
  const written = await writeLeaf(writing(context, authority), request, paths, {
    force: options.force === true,
    beside,
  });
  const exports = beside?.map((it) => it.result());
  const stale = written.issued && !isFirst ? await staleNotes(context, written) : [];
  const notes = [
    ...modes,
    ...written.notes,
    ...(written.issued ? notesOn(request, authority.constraints, context) : []),
    ...(written.issued ? await keyFolderNotes(host, paths.keyFile) : []),
    ...(exports ?? []).flatMap(({ notes }) => notes),
    ...stale,
    ...(created ? [worded`nothing trusts it yet: ${{ command: 'install' }}`] : []),
  ];
  return {
    ...written,
    notes,
    authorityCreated: created,
    ...(exports === undefined ? {} : { exports }),
    ...(made === undefined ? {} : { made }),
  };
}

/** Exports of a certificate that was just replaced, which still hold the old one. */
async function staleNotes(context: Context, { certFile, sha256 }: WrittenLeaf): Promise<string[]> {
  const { findEntries } = await import('../ledger/ledger.ts');
  const { staleExports } = await import('./renew.ts');
  return staleExports(findEntries(stateFolderOf(context), [certFile]), certFile, sha256);
}

function notesOn(
  request: LeafRequest,
  constraints: Constraints | undefined,
  context: Context,
): string[] {
  const notes = certificateNotes(request, constraints);
  // Nobody looks a client up.
  if (!request.usages.includes('serverAuth')) return notes;
  const unknown = unresolved(request.names, context);
  if (unknown.length > 0)
    notes.push(
      worded`not in ${hostsFile(context.host)}: unless your DNS answers for it, ${{ command: 'hosts add', names: unknown }}`,
    );
  return notes;
}

// Asking DNS would take time and tell the network; the hosts file is what the user can change here.
function unresolved(names: readonly Name[], { host }: Context): string[] {
  const candidates = names.filter(
    (name) =>
      name.type === 'dns' &&
      !isLoopbackName(name) &&
      !name.value.startsWith('*.') &&
      !name.value.endsWith('.local') && // answered by multicast DNS
      name.value !== host.hostname.toLowerCase(),
  );
  if (candidates.length === 0) return [];
  const known = readHostNames(host);
  return candidates.map(({ value }) => value).filter((value) => !known.has(value));
}
