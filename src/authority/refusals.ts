/** Why a state folder is refused, in words, each with the command that mends it. */
import { textIn } from '../../platform/look.ts';
import type { Stats } from 'node:fs';
import { realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { accountOf } from '../../platform/accounts.ts';
import { quoteForPosix } from '../../platform/quote.ts';
import { DevcertError } from '../errors.ts';
import type { Host } from '../../platform/types.ts';

/** Who asks, on which machine. */
export type Asker = Pick<Host, 'uid' | 'sysroot' | 'home' | 'env'>;

/** Refusals for one user. */
export class Refusals {
  private readonly asker: Asker;

  constructor(asker: Asker) {
    this.asker = asker;
  }

  /** root in the home of somebody else. */
  homeOf(owner: number | undefined, home: string): DevcertError {
    const caller = this.asker.env.SUDO_USER ?? this.asker.env.DOAS_USER ?? '';
    const own = join(accountOf(0, this.passwd())?.home ?? '/root', '.config/devcert-nodejs');
    return refused(
      `devcert runs as root, and HOME="${home}" is ${owner === undefined ? 'another user' : this.nameOf(owner)}'s`,
      caller === '' || caller === 'root'
        ? `keep root's CA apart: export DEVCERT_HOME=${quoteForPosix(own)}`
        : 'run it as yourself, not with sudo: it asks for sudo where it needs it',
    );
  }

  /** Something that is another user's. @param whole with all that is in it. */
  foreign(path: string, stat: Stats, whole = false): DevcertError {
    const how = stat.isSymbolicLink() ? '-h ' : whole && stat.isDirectory() ? '-R ' : '';
    return refused(
      `"${path}" belongs to ${this.nameOf(stat.uid)}, not to you`,
      // A folder in the home was put there by this user or by root; elsewhere by the first user to make it.
      this.isInHome(path) ? this.chown(path, how) : this.elsewhere(),
    );
  }

  /** Something that others can write. */
  open(path: string, { uid, mode }: Stats): DevcertError {
    const others = (mode & 0o002) !== 0;
    const word = quoteForPosix(path);
    return refused(
      `${others ? 'every user' : 'its whole group'} can write "${path}"`,
      uid === this.asker.uid
        ? `chmod ${others ? 'go-w' : 'g-w'} ${word}`
        : // Others work in it: sticky, each of them keeps what is theirs.
          `${this.sudo()}chmod +t ${word}`,
    );
  }

  /** Not readable is not absent. */
  unreadable(folder: string, owner: number, cause: unknown): DevcertError {
    const word = quoteForPosix(folder);
    const hint =
      owner === this.asker.uid
        ? `chmod u+rwx ${word}`
        : this.isInHome(folder)
          ? this.chown(folder, '-R ')
          : this.elsewhere();
    return refused(`"${folder}" cannot be read: it belongs to ${this.nameOf(owner)}`, hint, cause);
  }

  /** A mount whose owners mean nothing. */
  ownerless(path: string, name: string): DevcertError {
    return refused(
      `"${path}" lies on a file system that does not show who owns a file: ${name}`,
      this.elsewhere(),
    );
  }

  /** Links that lead to each other. */
  endless(path: string): DevcertError {
    return refused(`"${path}" leads through too many links`, this.elsewhere());
  }

  /** True below the home of this user, where that is their own. */
  isInHome(path: string): boolean {
    const { home, uid } = this.asker;
    if (home === undefined) return false;
    try {
      const real = realpathSync(home);
      return statSync(real).uid === uid && path.startsWith(`${real}/`);
    } catch {
      return false; // no such home: nothing is in it
    }
  }

  /** The way out where somebody else's folder cannot be mended. */
  private elsewhere(): string {
    return (this.asker.env.DEVCERT_HOME ?? '') === ''
      ? 'keep the CA elsewhere: export DEVCERT_HOME="$(mktemp -d /var/tmp/devcert.XXXXXX)"'
      : 'use the folder that devcert has for you: unset DEVCERT_HOME';
  }

  private chown(path: string, how: string): string {
    const own = quoteForPosix(this.nameOf(this.asker.uid ?? 0));
    return `${this.sudo()}chown ${how}${own} ${quoteForPosix(path)}`;
  }

  private sudo(): string {
    return this.asker.uid === 0 ? '' : 'sudo ';
  }

  private nameOf(uid: number): string {
    return accountOf(uid, this.passwd())?.name ?? String(uid);
  }

  private passwd(): string {
    return textIn(join(this.asker.sysroot, 'etc/passwd')); // without it numbers will do
  }
}

function refused(message: string, hint: string, cause?: unknown): DevcertError {
  return new DevcertError('refused', message, { hint, cause });
}
