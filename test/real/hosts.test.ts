/** The hosts file, for real: as root in a mount namespace, /etc below an overlay, the built command. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CLI } from '../helpers/cli.ts';
import { temporaryFolder } from '../helpers/host.ts';
import { needsCover } from '../helpers/require.ts';

const ready = needsCover();

/** What a script says, run by sh in a namespace whose /etc/hosts is `text`, CRLF and all. */
function inNamespace(text: string, mounted: boolean, script: string): string {
  const base = temporaryFolder();
  writeFileSync(join(base, 'hosts'), text, { mode: 0o640 });
  const cover = mounted
    ? `mount --bind ${base}/hosts /etc/hosts`
    : `mount -t tmpfs tmpfs /mnt && mkdir /mnt/up /mnt/work &&
       mount -t overlay overlay -o lowerdir=/etc,upperdir=/mnt/up,workdir=/mnt/work /etc &&
       rm -f /etc/hosts && cp -p ${base}/hosts /etc/hosts`;
  const lines = ['set -eu', cover, `devcert() { "${process.execPath}" "${CLI}" "$@"; }`, script];
  return execFileSync('unshare', ['-m', 'sh', '-c', lines.join('\n')], {
    encoding: 'utf8',
    timeout: 120_000,
    env: { PATH: process.env.PATH, HOME: base, CI: '1', LANG: 'C.UTF-8' },
  });
}

const script = `
before=$(sha256sum </etc/hosts; stat -c '%a %U' /etc/hosts)
getent ahosts api.test && exit 1
devcert hosts add api.test shop.test >&2
getent ahostsv4 api.test | head -1 | cut -d' ' -f1
getent ahostsv6 shop.test | head -1 | cut -d' ' -f1
stat -c '%a %U' /etc/hosts
devcert hosts list
devcert uninstall >&2
getent ahosts api.test && exit 1
[ "$before" = "$(sha256sum </etc/hosts; stat -c '%a %U' /etc/hosts)" ] && echo "as before"
ls /etc | grep -c 'hosts.devcert' || true
`;

describe.runIf(ready)('devcert hosts', () => {
  test.each([
    ['a file that can be replaced', '127.0.0.1 localhost\n', false],
    ['a bind mount, as in containers', '127.0.0.1 localhost\n', true],
    ['no line end at its end', '127.0.0.1 localhost\n::1 localhost', false],
  ])(
    'names resolve after add and not after uninstall, the file as before: %s',
    (_, text, mount) => {
      expect(inNamespace(text, mount, script).trim().split('\n')).toEqual([
        '127.0.0.1',
        '::1',
        '640 root',
        'api.test',
        'shop.test',
        'as before',
        '0',
      ]);
    },
  );
});
