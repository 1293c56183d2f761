/** Users and groups of this machine as far as `/etc/passwd` and `/etc/group` tell. Pure. */

export interface AccountFiles {
  /** What is in `/etc/passwd`; empty if it cannot be read. */
  readonly passwd: string;
  /** What is in `/etc/group`; empty if it cannot be read. */
  readonly group: string;
}

/**
 * True if nobody but this user and root is in a group, and it is the user's: their first one, the one with
 * their number for a user without an entry, or root's. Members that only a directory service knows cannot
 * be seen.
 */
export function isOwnGroup(gid: number, uid: number, { passwd, group }: AccountFiles): boolean {
  const users = records(passwd).map(([name = '', , user, first]) => ({
    name,
    uid: Number(user),
    gid: Number(first),
  }));
  const first = users.find((user) => user.uid === uid)?.gid ?? uid;
  if (gid !== first && gid !== 0) return false;
  const isTrusted = (user: { uid: number } | undefined) => user?.uid === uid || user?.uid === 0;
  const listed = records(group)
    .filter(([, , number]) => Number(number) === gid)
    .flatMap(([, , , members = '']) => members.split(',').filter((name) => name !== ''));
  return (
    users.filter((user) => user.gid === gid).every(isTrusted) &&
    listed.every((member) => isTrusted(users.find(({ name }) => name === member)))
  );
}

/** Name and home of a user; undefined for one without an entry. */
export function accountOf(
  uid: number,
  passwd: string,
): { readonly name: string; readonly home: string } | undefined {
  const record = records(passwd).find(([, , number]) => Number(number) === uid);
  return record === undefined ? undefined : { name: record[0] ?? '', home: record[5] ?? '' };
}

function records(text: string): string[][] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'));
}
