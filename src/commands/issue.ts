/** `devcert issue`: names → certificate files of a project. */
import { existsSync } from 'node:fs';
import { hostsFile, readHostNames } from '../../platform/hosts-file.ts';
import { mendModes } from '../authority/folder.ts';
import { type OutputOptions, outputPaths } from '../certificate/output.ts';
import { writeCertificate } from '../certificate/write.ts';
import type { CertificateHash } from '../certificate/hash.ts';
import type { WrittenLeaf } from '../certificate/written.ts';
import { certificateNotes } from '../certificate/notes.ts';
import { worded } from '../errors.ts';
import { isLoopbackName, type Name } from '../names/names.ts';
import { type LeafOptions, type LeafRequest, parseLeafRequest } from '../names/request.ts';
import {
  type AuthorityOption,
  type Context,
  ensureAuthorityFor,
  keyFolderNotes,
  type MadeOnTheWay,
  refuseSudo,
  writing,
} from './context.ts';
import type { ExportResult } from './export.ts';
import type { FormatOptions } from './issue-formats.ts';
import type { NameOptions } from '../project/request.ts';
import type { Host } from '../../platform/types.ts';

export interface IssueOptions
  extends LeafOptions, OutputOptions, AuthorityOption, FormatOptions, NameOptions {
  /** Issue even if a valid pair is there, and over files that are not devcert's. */
  readonly force?: boolean;
}

export interface IssueResult extends WrittenLeaf, MadeOnTheWay {
  /** One for each format that was asked for. */
  readonly exports?: readonly ExportResult[];
  /** With `webtransport`: what browsers are told. */
  readonly certificateHash?: CertificateHash;
}

/**
 * Issues a certificate for the names into files, making the authority first if there is none. Touches
 * no trust store.
 *
 * @throws DevcertError of every code but `not-trusted`, `store` and `cancelled`.
 */
export async function issue(
  context: Context,
  typed: readonly string[],
  options: IssueOptions = {},
  ask?: (what: string) => Promise<string>,
): Promise<IssueResult> {
  const { host, folder, cwd } = context;
  const { out, certFile, keyFile } = options;
  const paths = outputPaths({ out, certFile, keyFile }, cwd);
  const wanted = asksProject(typed, options)
    ? (await import('../project/request.ts')).projectRequest(typed, options, paths, cwd)
    : { names: typed, options };
  const request = parseLeafRequest(wanted.names, wanted.options);
  // What exports is loaded only where something is exported.
  const formats = options.format === undefined ? undefined : await import('./issue-formats.ts');
  const requests = formats?.parseFormats(options, paths, cwd) ?? [];
  refuseSudo(context);
  const beside = await formats?.exportsBeside(requests, context, request, paths, options, ask);
  const { authority, created, made } = await ensureAuthorityFor(context, request.names);
  // Nothing can have been exported of one that is not there yet.
  const isFirst = !existsSync(paths.certFile);
  const modes = created ? [] : mendModes(folder);
  const written = await writeCertificate(writing(context, authority), request, paths, {
    force: options.force === true,
    beside,
  });
  const exports = beside?.map((it) => it.result());
  const stale = written.issued && !isFirst ? await staleNotes(context, written) : [];
  const withKey = (exports ?? [])
    .flatMap(({ files }) => files)
    .flatMap(({ path, secret }) => (secret ? [path] : []));
  const notes = [
    ...modes,
    ...written.notes,
    ...changeNotes(written, options),
    ...(written.issued ? certificateNotes(request, authority.constraints) : []),
    ...(written.issued ? unresolvedNotes(request, host) : []),
    ...(written.issued && request.names.some((name) => isOfNetwork(name, host.hostname))
      ? (await import('./network.ts')).networkNotes(written.caFile, host.hostname)
      : []),
    ...(written.issued ? await keyFolderNotes(host, paths.keyFile, ...withKey) : []),
    ...(exports ?? []).flatMap(({ notes }) => notes),
    ...stale,
    ...(written.issued && !created ? (await import('./list.ts')).dueNotes(context) : []),
    ...(created ? [worded`nothing trusts it yet: ${{ command: 'install' }}`] : []),
  ];
  const hash = options.webtransport === true ? await import('../certificate/hash.ts') : undefined;
  const certificateHash = hash?.certificateHash(written.sha256);
  return { ...written, notes, authorityCreated: created, exports, made, certificateHash };
}

/** Exports of a certificate that was just replaced, which still hold the old one. */
async function staleNotes(context: Context, { certFile, sha256 }: WrittenLeaf): Promise<string[]> {
  const { findEntries } = await import('../ledger/ledger.ts');
  const { staleExports } = await import('./renew.ts');
  return staleExports(findEntries(context.stateFolder, [certFile]), certFile, sha256);
}

/** True if the names are not just those that were typed. */
function asksProject(typed: readonly string[], options: NameOptions): boolean {
  const { add = [], remove = [], again = false } = options;
  return [add, remove].flat().length > 0 || (again && typed.length === 0);
}

/** Of names that are in no certificate any more, and of the one that nearly everybody begins with. */
function changeNotes({ issued, names, lost }: WrittenLeaf, options: NameOptions): string[] {
  if (!issued) return [];
  const gone = `no longer in it: ${lost.join(', ')}`;
  // What was taken out on purpose is not to come back.
  if (lost.length > 0 && [options.remove ?? []].flat().length > 0) return [gone];
  const them = lost.length === 1 ? 'it' : 'them';
  if (lost.length > 0)
    return [worded`${gone}; to have ${them}, too: ${{ command: 'issue', add: lost }}`];
  return names.join() === 'localhost'
    ? [
        worded`for https://127.0.0.1, too: ${{ command: 'issue', add: '127.0.0.1' }} (Bun, gRPC and Erlang refuse a certificate that lists an address)`,
      ]
    : [];
}

/** Of a name that other machines know this one by. */
function isOfNetwork(name: Name, hostname: string): boolean {
  if (isLoopbackName(name)) return false;
  const isLan = /\.(?:lan|local|localdomain|home\.arpa|internal)$/.test(name.value);
  return name.type === 'ip' || isLan || name.value === hostname.toLowerCase();
}

// Asking DNS would take time and tell the network; the hosts file is what the user can change here.
function unresolvedNotes({ names, usages }: LeafRequest, host: Host): string[] {
  // Nobody looks a client up.
  if (!usages.includes('serverAuth')) return [];
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
  const unknown = candidates.map(({ value }) => value).filter((value) => !known.has(value));
  const step = { command: 'hosts add', names: unknown } as const;
  return unknown.length === 0
    ? []
    : [worded`not in ${hostsFile(host)}: unless your DNS answers for it, ${step}`];
}
