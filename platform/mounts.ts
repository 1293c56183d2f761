/** File systems whose files have no true owner, by Linux's own list of mounts. Pure. */

/** One line of `/proc/self/mountinfo`. */
export interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
  /** Of the file system itself, comma-separated. */
  readonly options: string;
}

/** The lines of `/proc/self/mountinfo` (proc_pid_mountinfo(5)); what is no such line is passed over. */
export function parseMounts(mountinfo: string): Mount[] {
  return mountinfo.split('\n').flatMap((line) => {
    const words = line.split(' ');
    // Any number of optional fields stands before the hyphen.
    const hyphen = words.indexOf('-', 6);
    const [point, type, source, options] = [words[4], ...words.slice(hyphen + 1)];
    if (hyphen === -1 || point === undefined || type === undefined) return [];
    return [
      { point: unescaped(point), type, source: unescaped(source ?? ''), options: options ?? '' },
    ];
  });
}

/** The mount that holds a real path: the innermost, and of several in one place the last. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const base = mount.point === '/' ? '/' : `${mount.point}/`;
    if (`${path}/`.startsWith(base) && mount.point.length >= (found?.point.length ?? 0))
      found = mount;
  }
  return found;
}

/**
 * What such a mount is called if the owner and mode that it shows say nothing about who may write there:
 * `drvfs`, `cifs`. Undefined for all others.
 *
 * @param uid the owner that a file there seems to have.
 */
export function ownerlessName({ type, source, options }: Mount, uid: number): string | undefined {
  // WSL 2 mounts Windows drives as 9p or virtiofs, and only their source or options tell.
  const isDrive = /(^|[,;])(aname=)?drvfs/.test(options) || source.startsWith('drvfs');
  if (type === 'drvfs' || (/^(9p|virtiofs)$/.test(type) && isDrive)) return 'drvfs';
  if (type.startsWith('nfs')) return NOBODY.includes(uid) ? 'NFS, which shows "nobody"' : undefined;
  return OWNERLESS.has(type) ? type.replace(/^fuse\./, '') : undefined;
}

/**
 * True if files are certain to have their own owners on a file system of this number (statfs(2)), so that
 * nobody has to read the list of mounts.
 */
export function keepsOwners(statfsType: number): boolean {
  return LOCAL.has(statfsType);
}

/** The user of NFS and of user namespaces that stands for all that have no number there. */
export const NOBODY: readonly number[] = [65_534, 4_294_967_294];

const OWNERLESS = new Set([
  ...['cifs', 'smb3', 'smbfs', 'fuse.sshfs', 'fuse.rclone', 'fuse.gvfsd-fuse', 'davfs'],
  // Of virtual machines and of Docker Desktop: the owner is the one who asks.
  ...['vboxsf', 'fuse.vmhgfs-fuse', 'prl_fs', 'fakeowner', 'osxfs', 'fuse.osxfs', 'fuse.grpcfuse'],
  // They know no owners.
  ...['vfat', 'msdos', 'exfat', 'fuse.exfat'],
]);

/** ext, btrfs, xfs, tmpfs, overlay, zfs, f2fs, ramfs, bcachefs: linux/magic.h. */
const LOCAL = new Set([
  0xef53, 0x9123683e, 0x58465342, 0x01021994, 0x794c7630, 0x2fc12fc1, 0xf2f52010, 0x858458f6,
  0xca451a4e,
]);

/** Blanks, tabs, line ends and backslashes are written in octal. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}
