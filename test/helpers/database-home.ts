/** A home for the command with one trust store, whose tool is a script. */
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freshHome, type Home } from './cli.ts';

/**
 * A home with a database, and a certutil that keeps what it is given in a file beside it.
 *
 * @param wrong what it does instead of adding.
 */
export function homeWithDatabase(wrong = ''): Home & { env: Record<string, string> } {
  const home = freshHome();
  const database = join(home.home, '.pki/nssdb');
  mkdirSync(database, { recursive: true });
  writeFileSync(join(database, 'cert9.db'), 'not empty');
  const bin = join(home.home, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'certutil'),
    `#!/bin/sh
store=${database}/store
case "$1 $*" in
"-A "*) ${wrong || 'while [ $# -gt 1 ]; do [ "$1" = -n ] && nick=$2; [ "$1" = -i ] && file=$2; shift; done; cp "$file" $store; echo "$nick" > $store.nick'} ;;
"-D "*) rm -f $store $store.nick ;;
*-a) cat $store ;;
*) echo; [ -e $store ] && echo "$(cat $store.nick)   C,," ;;
esac
exit \${status:-0}
`,
  );
  chmodSync(join(bin, 'certutil'), 0o755);
  // Not all of /usr/bin: a browser there is a store of its own.
  for (const tool of ['sh', 'cp', 'rm', 'cat', 'sleep'])
    symlinkSync(`/bin/${tool}`, join(bin, tool));
  return { ...home, env: { PATH: bin } };
}
