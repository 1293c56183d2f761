/**
 * Whose folder is this? Asked once, before anything in a state folder is read or written: who can write
 * there can put a root of theirs in the place of this user's, or read their key.
 */
import { textIn } from '../../platform/look.ts';
import {
  accessSync,
  constants,
  lstatSync,
  readdirSync,
  readlinkSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, parse, sep } from 'node:path';
import type { Host } from '../../platform/types.ts';
import { isOwnGroup } from '../../platform/accounts.ts';
import { keepsOwners, mountOf, NOBODY, ownerlessName, parseMounts } from '../../platform/mounts.ts';
import { DevcertError, systemCode } from '../errors.ts';
import { fileError, withFileError } from '../disk/filesystem.ts';
import { isStateFolder, MARKER, strangers } from './marker.ts';
import { type Asker, Refusals } from './refusals.ts';
import { isTemporary } from './staged.ts';

/**
 * Resolves if this user alone can write in a state folder and it is devcert's, or if there is none yet and
 * nobody else could make it. Changes nothing. Access control lists beside the modes are not looked at.
 *
 * @param folder absolute; may not exist.
 * @throws DevcertError `refused`, with the command that mends it.
 */
export async function assertOwnState(folder: string, host: Host): Promise<void> {
  if (host.uid !== undefined) {
    assertOwnHome(host);
    assertOwnFolder(folder, host);
    return;
  }
  const { assertOwner } = await import('../../platform/windows-acl.ts');
  await assertOwner(folder, host);
  assertOwnFolder(folder, host);
}

/**
 * The same; where users have no numbers only that the folder is devcert's.
 *
 * @param asker this process by default, of whose home nothing is known then.
 */
export function assertOwnFolder(folder: string, asker: Asker = thisProcess()): void {
  const { uid } = asker;
  if (uid === undefined) {
    const names = list(folder);
    if (names !== undefined) assertDevcerts(folder, names);
    return;
  }
  const check = new Check(uid, asker);
  const last = check.path(folder);
  if (last === undefined) return;
  const names = check.list(last);
  assertDevcerts(folder, names);
  check.contents(last, names);
}

function thisProcess(): Asker {
  return { uid: process.geteuid?.(), sysroot: '/', home: undefined, env: {} };
}

/** root's files in a home that is another user's can be replaced by them. */
function assertOwnHome(asker: Asker): void {
  const { uid, home, env } = asker;
  if (uid !== 0 || home === undefined || (env.DEVCERT_HOME ?? '') !== '') return;
  let owner: number | undefined;
  try {
    owner = statSync(home, { throwIfNoEntry: false })?.uid ?? 0;
  } catch {
    // An encrypted or network drive that keeps root out: it is not root's.
  }
  if (owner !== 0) throw new Refusals(asker).homeOf(owner, home);
}

/** @throws DevcertError `refused` for a folder with what devcert did not put there. */
function assertDevcerts(folder: string, names: readonly string[]): void {
  if (isStateFolder(folder, names)) return;
  const setting = sep === '/' ? 'export ' : '$env:';
  throw new DevcertError(
    'refused',
    `"${folder}" is not devcert's: it holds "${strangers(names)[0] ?? ''}" and no ${MARKER}`,
    { hint: `give it a folder of its own: ${setting}DEVCERT_HOME="${join(folder, 'devcert')}"` },
  );
}

/** The names in a folder; undefined if there is none. */
function list(folder: string): string[] | undefined {
  try {
    return readdirSync(folder);
  } catch (error) {
    // No folder there: making it will say what is in the way.
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return undefined;
    throw new DevcertError('refused', `"${folder}" cannot be read`, {
      hint: `see who may: icacls "${folder}"`,
      cause: error,
    });
  }
}

interface Place {
  /** Without links, but for the last name of a link. */
  readonly path: string;
  readonly stat: Stats;
}

/** What one user asks of the places of one state. */
class Check {
  private readonly uid: number;
  private readonly asker: Asker;

  constructor(uid: number, asker: Asker) {
    this.uid = uid;
    this.asker = asker;
  }

  // Not before there is something to refuse: hardly any run loads their words.
  private get refusals(): Refusals {
    return new Refusals(this.asker);
  }

  /**
   * Looks at every folder on the way and every link in it.
   *
   * @returns the real path of what is at the end; undefined if there is nothing, or no folder.
   */
  path(path: string): string | undefined {
    const { places, isThere } = this.walk(path);
    const last = places.at(-1);
    if (last === undefined) return undefined;
    this.mount(last);
    const above = isThere ? places.slice(0, -1) : places;
    for (const place of above) this.above(place);
    if (isThere) this.own(last);
    else this.makeable(last);
    return isThere && last.stat.isDirectory() ? last.path : undefined;
  }

  list(folder: string): string[] {
    try {
      return readdirSync(folder);
    } catch (error) {
      // Renamed or deleted in this instant by another devcert.
      const stat = lstatSync(folder, { throwIfNoEntry: false });
      if (stat === undefined || systemCode(error) === 'ENOENT') return [];
      throw this.refusals.unreadable(folder, stat.uid, error);
    }
  }

  /** Everything of devcert's in a folder. What is not devcert's there is nobody's business. */
  contents(folder: string, names = this.list(folder), known = KNOWN): void {
    for (const name of names.filter((name) => known.test(name) || isTemporary(name))) {
      const path = join(folder, name);
      const stat = this.look(path, folder);
      if (stat === undefined) continue; // gone in this instant
      if (stat.isSymbolicLink()) {
        this.path(path);
        continue;
      }
      this.own({ path, stat });
      if (stat.isDirectory())
        this.contents(path, undefined, name === 'authorities' ? ANYTHING : KNOWN);
    }
  }

  private walk(path: string): { places: Place[]; isThere: boolean } {
    let real = parse(path).root;
    const rest = path.slice(real.length).split(sep);
    const places: Place[] = [{ path: real, stat: lstatSync(real) }];
    let links = 0;
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        real = dirname(real);
        continue;
      }
      const next = join(real, name);
      const stat = this.look(next, real);
      if (stat === undefined) return { places, isThere: false };
      if (!stat.isSymbolicLink()) {
        places.push({ path: (real = next), stat });
        continue;
      }
      if (++links > 40) throw this.refusals.endless(path);
      this.link({ path: next, stat });
      const target = withFileError('read', next, () => readlinkSync(next));
      rest.unshift(...target.split(sep));
      if (target.startsWith(sep)) real = parse(target).root;
    }
    // Through `..` the end is a folder that was passed before.
    if (places.at(-1)?.path !== real) places.push({ path: real, stat: lstatSync(real) });
    return { places, isThere: true };
  }

  private look(path: string, folder: string): Stats | undefined {
    try {
      return lstatSync(path, { throwIfNoEntry: false });
    } catch (error) {
      const code = systemCode(error);
      if (code === 'ENOTDIR') return undefined;
      if (code === 'ENAMETOOLONG') throw fileError(error, 'read', path);
      throw this.refusals.unreadable(folder, lstatSync(folder).uid, error);
    }
  }

  private mount({ path, stat }: Place): void {
    try {
      if (keepsOwners(statfsSync(path).type)) return;
    } catch {
      // The file system does not say: the list of mounts is asked.
    }
    const mount = mountOf(path, parseMounts(this.systemFile('proc/self/mountinfo')));
    const name = mount && ownerlessName(mount, stat.uid);
    if (name !== undefined) throw this.refusals.ownerless(path, name);
  }

  private link({ path, stat }: Place): void {
    if (stat.uid !== this.uid && stat.uid !== 0) throw this.refusals.foreign(path, stat);
  }

  /** A folder above: root's will do, and a sticky one, in which nobody may replace what is another's. */
  private above({ path, stat }: Place): void {
    if (stat.uid !== this.uid && stat.uid !== 0 && !this.isSystems(stat.uid))
      throw this.refusals.foreign(path, stat);
    if ((stat.mode & 0o1000) === 0) this.closed({ path, stat });
  }

  private own({ path, stat }: Place): void {
    if (stat.uid !== this.uid) throw this.refusals.foreign(path, stat, true);
    this.closed({ path, stat });
  }

  private closed({ path, stat }: Place): void {
    if ((stat.mode & 0o022) === 0) return;
    if ((stat.mode & 0o002) === 0 && isOwnGroup(stat.gid, this.uid, this.accounts())) return;
    throw this.refusals.open(path, stat);
  }

  /** In the user's home everything is to be theirs: root's left-overs are named, not run into. */
  private makeable({ path, stat }: Place): void {
    if (stat.uid === this.uid || !this.refusals.isInHome(path)) return;
    try {
      accessSync(path, constants.W_OK | constants.X_OK);
    } catch {
      throw this.refusals.foreign(path, stat);
    }
  }

  // In a user namespace that has no number for root, its folders show "nobody".
  private isSystems(uid: number): boolean {
    const all = '0 0 4294967295';
    const mapped = this.systemFile('proc/self/uid_map', all).trim().replace(/\s+/g, ' ');
    return NOBODY.includes(uid) && mapped !== all;
  }

  private accounts() {
    return { passwd: this.systemFile('etc/passwd'), group: this.systemFile('etc/group') };
  }

  /** Another system may have none: nothing is taken for granted then. */
  private systemFile(path: string, otherwise = ''): string {
    return textIn(join(this.asker.sysroot, path)) || otherwise;
  }
}

const KNOWN =
  /^(authorities|root\.pem|issuer\.pem|issuer-key\.pem|ledger\.jsonl|journal\.json|inventory\.json|exports\.json|devcert-state\.json|folders|homes|lock|devcert\.lock|origin\.json|keeping\.json|rotation|next|pending|retired|staging-[0-9a-f]{12}|[0-9a-f]{64}\.pem)$/;
const ANYTHING = /./;
