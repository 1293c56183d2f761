/** A dry run of every command that has one, on a machine of its own: nothing in home, stores and /etc is changed. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brokenMachine } from '../helpers/broken-machine.ts';
import { everyDeclared } from '../helpers/declared.ts';
import { needsCover } from '../helpers/require.ts';

const ready = needsCover();

/** Every file, folder and link below a folder: mode, time of change, content. */
function snapshot(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    const content = stat.isFile()
      ? readFileSync(path)
      : stat.isSymbolicLink()
        ? readlinkSync(path)
        : '';
    // Folders of an NSS database have a new time whenever it is read.
    hash
      .update(JSON.stringify([name, stat.mode, stat.isFile() ? stat.mtimeMs : 0]))
      .update(content);
  }
  return hash.digest('hex');
}

/** The same of what lies outside the home, in the namespace. */
const OUTSIDE =
  "find /etc /usr/local/share/ca-certificates ! -type d -printf '%p %m %s %l %T@ ' ! -type l -exec cat {} + | sha256sum";

const lines: readonly (readonly [line: string, says: RegExp])[] = [
  ['install --permit corp.dev', /Would replace the CA[^]*would run:[^]*update-ca-certificates/],
  ['uninstall --purge', /would run:[^]*update-ca-certificates[^]*certutil/],
  ['renew --all', /Due: .*short\/cert\.pem/],
  ['hosts add shop.test', /Would add shop\.test, in/],
  ['hosts remove --all', /Would remove api\.test, in/],
  ['init api.test --script', /Would write/],
  [
    'ca replace',
    /Would put another CA in the place of default[^]*certutil[^]*-A[^]*-D[^]*Would issue again: .*cert\.pem/,
  ],
  ['ca replace people --permit corp.dev', /place of people[^]*update-ca-certificates/],
  ['ca remove people', /would run:[^]*update-ca-certificates[^]*Would delete the CA "people"/],
  ['ca protect', /Would put another CA in the place of default/],
  ['ca protect --keep-key', /the key that is there would be encrypted/],
  ['ca import there/people-root.pem --trust-only --name company', /Would import the CA company/],
  ['ca import other.p12 --password-file password --force', /place of default[^]*would run:/],
];

describe.runIf(ready)('--dry-run', () => {
  test('says what would be done, and changes nothing', async () => {
    const { type, home } = await brokenMachine({ programs: ['chromium'] });
    const made = await type(
      [
        'printf "correct horse\\n" > password',
        'openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out root.pem -subj "/CN=Corp" -days 99 -addext keyUsage=keyCertSign',
        'openssl pkcs12 -export -in root.pem -inkey key.pem -out other.p12 -passout file:password',
        'devcert install >&2',
        'devcert localhost >&2',
        'devcert short.test --out short --days 1 >&2',
        'devcert ca create people >&2',
        'devcert install --ca people >&2',
        'devcert ca export people --out there >&2',
        'devcert hosts add api.test >&2',
      ].join(' && '),
    );
    expect([made.status, made.stderr]).toEqual([0, expect.any(String)]);
    const all = [...(await everyDeclared())].filter(
      ([, { options = {} }]) => '--dry-run' in options,
    );
    for (const [name] of all)
      expect([name, lines.some(([line]) => `${line} `.startsWith(`${name} `))]).toEqual([
        name,
        true,
      ]);
    const state = async () => [snapshot(home), (await type(OUTSIDE)).stdout];
    const before = await state();
    for (const [index, [line, says]] of lines.entries()) {
      const clock = line.startsWith('renew')
        ? 'FAKETIME_DONT_FAKE_MONOTONIC=1 faketime -f +20h '
        : '';
      const { stdout, stderr, status } = await type(`${clock}devcert ${line} --dry-run`);
      expect({ line, status, said: stdout + stderr }).toEqual({
        line,
        status: 0,
        said: expect.stringMatching(says) as string,
      });
      expect({ line, is: await state() }).toEqual({ line, is: before });
      // As JSON of some of them: it is the same run.
      if (index % 4 !== 0) continue;
      const json = await type(`devcert ${line} --dry-run --json`);
      expect([line, JSON.parse(json.stdout)]).toEqual([line, expect.any(Object)]);
      expect({ line, is: await state() }).toEqual({ line, is: before });
    }
  });
});
