/** Bringing what an earlier devcert keeps to the form of this one: without loss, and killed at any step. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { changeFolder, filesOf, pathsIn, readPem } from '../authority/folder.ts';
import { HOMES, keepOut, MARKER, markerText, stateVersion } from '../authority/marker.ts';
import { authorityNames, isIdle } from '../authority/named.ts';
import { sha256Of } from '../authority/origin.ts';
import { isFolder, isStaged, removeStaged } from '../authority/staged.ts';
import { DevcertError, orUndefined } from '../errors.ts';
import { readIfThere } from '../disk/files.ts';
import { withFileError, shellCommand } from '../disk/filesystem.ts';
import { publicKeyHash } from '../keys.ts';
import {
  encodeLedger,
  type IssuedCertificate,
  ledgerFile,
  type LedgerEntry,
  type WrittenFile,
} from '../ledger/ledger.ts';
import { contentOf } from '../ledger/place.ts';
import { recover, sha256 } from '../ledger/journal.ts';
import { withLock } from '../disk/lock.ts';
import { readmeText } from '../mtls/readme.ts';
import { partyFiles, readSet, SET_FILE } from '../mtls/set.ts';
import { authoritiesFolder, authorityFolderIn } from '../disk/paths.ts';
import { readExisting } from '../certificate/output.ts';
import { MAX_LEDGER_BYTES } from '../policy.ts';

/**
 * Migrates the state folder of devcert 0.1, if it is one.
 *
 * @throws DevcertError `refused` if a newer devcert keeps it, `busy`, `file`, `invalid-authority` for a list
 *   that is damaged.
 */
export async function migrateState(stateFolder: string): Promise<void> {
  if (stateVersion(stateFolder) !== 1) return;
  const folders = [
    stateFolder,
    ...namesIn(authoritiesFolder(stateFolder)).map((name) =>
      join(authoritiesFolder(stateFolder), name),
    ),
  ];
  for (const folder of folders) {
    // A devcert 0.1 that is at work ends first; from then on none begins.
    if (!isFolder(join(folder, 'lock'))) await withLock(folder, () => undefined, { file: 'lock' });
    mkdirSync(join(folder, 'lock'), { recursive: true, mode: 0o700 });
  }
  for (const folder of folders)
    await withLock(folder, () => {
      recover(folder);
      takeUpNext(folder);
      keepOut(folder);
    });
  await withLock(stateFolder, () => {
    // Completed just now, for one that was killed, or done by another devcert: the lists are gone.
    if (stateVersion(stateFolder) !== 1) return;
    const names = [undefined, ...authorityNames(stateFolder)];
    const entries = names.flatMap((ca) => {
      const folder = authorityFolderIn(stateFolder, ca);
      return entriesIn(folder, ca ?? 'default');
    });
    const lists = folders.flatMap((folder) => [
      join(folder, 'inventory.json'),
      join(folder, 'exports.json'),
    ]);
    changeFolder(stateFolder, {
      files: [
        { path: ledgerFile(stateFolder), data: encodeLedger(entries), mode: 0o600 },
        { path: join(stateFolder, MARKER), data: markerText, mode: 0o644 },
      ],
      removals: lists.filter((path) => existsSync(path)),
    });
  });
}

/**
 * Moves a whole state folder, if there is an authority with its key and none where it belongs now. What
 * else is in the old place stays: a root without its key is what another machine's profile brought.
 */
export function moveState(from: string, to: string): void {
  const [copy, aside] = [`${to}.devcert-tmp`, `${to}.devcert-old`];
  if (!existsSync(join(from, 'root.pem'))) return;
  if (existsSync(join(to, 'root.pem'))) {
    // Killed between the last two steps: what is there is whole.
    if (isSame(join(from, 'root.pem'), join(to, 'root.pem'))) removeOld(from, aside);
    return;
  }
  if (!existsSync(join(from, 'issuer-key.pem'))) return;
  // What else is there is devcert's list of other homes at most: it is kept.
  const homes = readIfThere(join(to, HOMES)) ?? readIfThere(join(aside, HOMES));
  // Somebody's files: the next run says that the folder is not devcert's.
  if (existsSync(to) && !isIdle(to, HOMES) && namesIn(to).length > 0) return;
  withFileError('write', to, () => {
    rmSync(copy, { recursive: true, force: true });
    mkdirSync(dirname(to), { recursive: true });
    cpSync(from, copy, { recursive: true, preserveTimestamps: true });
    if (homes !== undefined) writeFileSync(join(copy, HOMES), homes, { mode: 0o600 });
    // In two steps that a kill leaves whole: the marked folder that is there goes aside first.
    if (existsSync(to)) {
      rmSync(aside, { recursive: true, force: true });
      renameSync(to, aside);
    }
    renameSync(copy, to);
  });
  removeOld(from, aside);
}

// The root goes last: by it the next devcert knows what a killed one left of the old folder, a key perhaps.
function removeOld(from: string, aside: string): void {
  withFileError('delete', from, () => {
    rmSync(aside, { recursive: true, force: true });
    for (const name of readdirSync(from).filter((it) => it !== 'root.pem'))
      rmSync(join(from, name), { recursive: true, force: true });
    rmSync(from, { recursive: true, force: true });
  });
}

function isSame(a: string, b: string): boolean {
  return readIfThere(a)?.equals(readIfThere(b) ?? Buffer.alloc(0)) === true;
}

/** An authority that was whole in `next` when devcert 0.1 was killed, and what it left half-written. */
function takeUpNext(folder: string): void {
  const next = join(folder, 'next');
  if (isStaged(next)) {
    const files = filesOf(folder, readPem(next));
    const removals = pathsIn(next);
    if (removals.length > 0) changeFolder(folder, { files, removals });
  }
  for (const name of namesIn(folder))
    if (/^staging-[0-9a-f]{12}$/.test(name)) removeStaged(join(folder, name));
}

function entriesIn(folder: string, ca: string): LedgerEntry[] {
  const certificates = readList(folder, 'inventory.json', 'certificates');
  const exports = readList(folder, 'exports.json', 'exports');
  const sets = new Set(
    certificates.flatMap(({ mtls }) => (typeof mtls === 'string' ? [mtls] : [])),
  );
  return [
    ...certificates.flatMap((fields) => certificateEntry(fields, ca)),
    ...exportEntries(exports, ca),
    ...[...sets].flatMap((set) => setEntries(set, ca)),
  ].filter(({ files }) => files.length > 0);
}

type Fields = Readonly<Record<string, unknown>>;

function certificateEntry(fields: Fields, ca: string): LedgerEntry[] {
  const { mtls, ...rest } = fields;
  const certificate = rest as unknown as IssuedCertificate;
  const { certFile, keyFile, caFile } = certificate;
  if (typeof certFile !== 'string') return [];
  // Projects come and go: what cannot be read is not listed.
  const there = orUndefined(() => readExisting({ certFile, keyFile, caFile }));
  // Gone, or somebody else's by now.
  if (there?.certificate === undefined || sha256Of(there.certificate) !== certificate.sha256)
    return [];
  const files = [certFile];
  if (keyFile !== undefined && keyFile !== certFile && there.key !== undefined)
    if (publicKeyHash(there.key) === certificate.publicKey) files.push(keyFile);
  if (caFile !== undefined) files.push(caFile);
  return [
    {
      files: files.flatMap(writtenNow),
      ca,
      mtls: typeof mtls === 'string' ? mtls : undefined,
      certificate,
    },
  ];
}

/** Devcert 0.1 kept a record for each file: those of one command are one entry. */
function exportEntries(records: readonly Fields[], ca: string): LedgerEntry[] {
  const commands = [...new Set(records.map(({ command }) => command))];
  return commands.map((command) => {
    const these = records.filter((record) => record.command === command);
    const { certFile, certificate, source, options } = these[0] ?? {};
    return {
      files: these.map(({ file, sha256 }) => ({ path: file, sha256 })) as WrittenFile[],
      ca,
      export: { certFile, certificate, source, options } as LedgerEntry['export'],
    };
  });
}

/** What was written into a set besides certificates and keys, which the inventory had. */
function setEntries(folder: string, ca: string): LedgerEntry[] {
  const set = orUndefined(() => readSet(folder));
  if (set === undefined) return [];
  const readme = join(folder, 'README.md');
  const isReadme = contentOf(readme)?.toString() === readmeText(set);
  const parties = [undefined, ...set.clients.map(({ name }) => name)].flatMap((party) => {
    const { trustFile, keyStore, trustStore } = partyFiles(folder, party);
    return [trustFile, keyStore, trustStore];
  });
  const own = [join(folder, SET_FILE), ...(isReadme ? [readme] : []), join(folder, '.gitignore')];
  return [own, parties].map((paths) => ({ files: paths.flatMap(writtenNow), ca, mtls: folder }));
}

function writtenNow(path: string): WrittenFile[] {
  const bytes = orUndefined(() => contentOf(path));
  return bytes === undefined ? [] : [{ path, sha256: [sha256(bytes)] }];
}

function readList(folder: string, name: string, field: string): Fields[] {
  const file = join(folder, name);
  const text = readIfThere(file, { maxBytes: MAX_LEDGER_BYTES })?.toString();
  if (text === undefined) return [];
  try {
    const content = JSON.parse(text) as Record<string, unknown> | null;
    const items = content?.version === 1 ? content[field] : undefined;
    if (Array.isArray(items)) return items as Fields[];
  } catch {
    // Not JSON: the same answer as for JSON of another shape, below.
  }
  throw new DevcertError('invalid-authority', `"${file}" is damaged, or a newer devcert wrote it`, {
    hint: `move it away, what it lists stays valid: ${shellCommand('move', file, `${file}.old`)}`,
  });
}

function namesIn(folder: string): string[] {
  return isFolder(folder) ? withFileError('read', folder, () => readdirSync(folder)) : [];
}
