import { describe, expect, test } from 'vitest';
import { keepsOwners, mountOf, ownerlessName, parseMounts } from '../../platform/mounts.ts';

// Lines as the kernel, WSL 1 and 2, Docker Desktop and others write them.
const TABLE = [
  '25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro',
  '30 25 0:26 / /home rw,nosuid shared:12 master:3 - btrfs /dev/sdb rw,subvol=/home',
  '91 25 0:52 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000;gid=1000;symlinkroot=/mnt/,mmap,access=client',
  '92 25 0:53 / /mnt/d rw,noatime - drvfs D: rw,noatime,uid=1000,gid=1000',
  '93 25 0:54 / /mnt/e rw - virtiofs drvfsaE1 rw',
  '94 25 0:55 / /mnt/vm rw - virtiofs share rw',
  '95 25 0:56 / /mnt/with\\040blank rw shared:1 - cifs //nas/my\\040files rw,uid=1000',
  '96 25 0:57 / /mnt/ssh rw,nosuid,nodev - fuse.sshfs ada@nas: rw,user_id=1000',
  '97 25 0:58 / /net/home rw - nfs4 nas:/home rw,vers=4.2',
  '98 30 0:59 / /home/ada/plain rw - fuse.gocryptfs /home/ada/cipher rw',
  '99 25 0:60 / /workspace rw - fakeowner /run/host_mark/Users rw',
  '100 91 0:61 / /mnt/c/inner rw - tmpfs tmpfs rw',
  '101 25 0:62 / /over rw - cifs //nas/a rw',
  '102 101 0:63 / /over rw - ext4 /dev/sdc rw',
  'garbage',
  '',
].join('\n');

describe('parseMounts()', () => {
  test('reads points, types, sources and options, and passes over the rest', () => {
    const mounts = parseMounts(TABLE);
    expect(mounts).toHaveLength(14);
    expect(mounts[6]).toEqual({
      point: '/mnt/with blank',
      type: 'cifs',
      source: '//nas/my files',
      options: 'rw,uid=1000',
    });
    expect(mounts[1]).toMatchObject({ point: '/home', type: 'btrfs' });
    expect(parseMounts('')).toEqual([]);
  });
});

describe('mountOf() and ownerlessName()', () => {
  test.each([
    ['/', 1000, undefined],
    ['/home/ada/.config', 1000, undefined],
    ['/mnt', 0, undefined],
    ['/mnt/cd', 0, undefined],
    ['/mnt/c', 1000, 'drvfs'],
    ['/mnt/c/Users/ada', 1000, 'drvfs'],
    ['/mnt/c/inner/state', 1000, undefined],
    ['/mnt/d/state', 1000, 'drvfs'],
    ['/mnt/e/state', 1000, 'drvfs'],
    ['/mnt/vm/state', 1000, undefined],
    ['/mnt/with blank/state', 1000, 'cifs'],
    ['/mnt/ssh/state', 1000, 'sshfs'],
    ['/net/home/ada', 1000, undefined],
    ['/net/home/ada', 65_534, 'NFS, which shows "nobody"'],
    ['/net/home/ada', 4_294_967_294, 'NFS, which shows "nobody"'],
    ['/home/ada', 65_534, undefined],
    ['/home/ada/plain/state', 1000, undefined],
    ['/workspace/state', 0, 'fakeowner'],
    ['/over/state', 1000, undefined],
  ])('%s of user %d: %s', (path, uid, name) => {
    const mount = mountOf(path, parseMounts(TABLE));
    expect(mount && ownerlessName(mount, uid)).toBe(name);
  });

  test('without a list of mounts nothing is known', () => {
    expect(mountOf('/home', [])).toBeUndefined();
  });
});

describe('keepsOwners()', () => {
  test.each([
    ['ext4', 0xef53, true],
    ['tmpfs', 0x01021994, true],
    ['overlay', 0x794c7630, true],
    ['NFS', 0x6969, false],
    ['CIFS', 0xff534d42, false],
    ['FUSE', 0x65735546, false],
    ['9p', 0x01021997, false],
  ])('of %s', (_, type, keeps) => {
    expect(keepsOwners(type)).toBe(keeps);
  });
});
