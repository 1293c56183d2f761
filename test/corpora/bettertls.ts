/** BetterTLS, as its Go module makes it: path building and name constraints, with keys of its own for each run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseName } from '../../src/names/names.ts';
import { run } from '../helpers/run.ts';
import type { Case } from './cases.ts';

/** A pseudo-version: the module has no tags. */
export const BETTERTLS =
  'github.com/Netflix/bettertls/test-suites/cmd/bettertls@v0.0.0-20250909192348-e1e99e353074';

interface Exported {
  readonly trustRoot: string;
  readonly suites: Readonly<
    Record<
      string,
      {
        readonly testCases: readonly {
          readonly id: number;
          readonly certificates: readonly string[];
          readonly hostname: string;
          readonly expected: 'ACCEPT' | 'REJECT';
          /** The other answer is not wrong either. */
          readonly failureIsWarning: boolean;
        }[];
      }
    >
  >;
}

/** All of its cases with one right answer; undefined if Go cannot make them. */
export async function betterTls(folder: string): Promise<Case[] | undefined> {
  const file = join(folder, 'bettertls.json');
  const made = await run('go', ['run', BETTERTLS, 'export-tests', '--out', file], {
    cwd: folder,
    // Its modules lie in the folder, too, and can be removed with it.
    env: { GOPATH: join(folder, 'go'), GOFLAGS: '-modcacherw' },
    timeoutMs: 280_000,
  });
  if (made.status !== 0) return undefined;
  const { trustRoot, suites } = JSON.parse(readFileSync(file, 'utf8')) as Exported;
  const root = Buffer.from(trustRoot, 'base64');
  return Object.entries(suites).flatMap(([suite, { testCases }]) =>
    testCases
      .filter(({ failureIsWarning }) => !failureIsWarning)
      .map(({ id, certificates, hostname, expected }): Case => ({
        id: `bettertls/${suite}/${id}`,
        sent: certificates.map((der) => Buffer.from(der, 'base64')),
        roots: [root],
        name: parseName(hostname),
        purpose: 'server',
        expected: expected === 'ACCEPT' ? 'accept' : 'reject',
      })),
  );
}
