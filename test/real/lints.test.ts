/** zlint's own test certificates: `inspect` reads them all, and tells what the table says that it tells. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DevcertError } from '../../src/errors.ts';
import { inspectFile } from '../../src/inspect/file.ts';
import { cached } from '../helpers/recipe-server.ts';
import { needsTools } from '../helpers/require.ts';
import { run } from '../helpers/run.ts';
import { lints } from '../inspect/lints.ts';

const MODULE = 'github.com/zmap/zlint/v3';
const VERSION = 'v3.7.3';
/** Sets of rules that are gone through: RFC 5280, the Baseline Requirements, and what browsers ask for beyond. */
const SETS = ['rfc', 'cabf_br', 'community', 'apple', 'mozilla', 'chrome'];

/** Codes that zlint's single certificates cannot show: of the chain below, of another clock, of who asks. */
const NOT_SHOWN = new Set([
  'e_ca_key_cert_sign_not_set', // told of what the authority signed
  'e_sub_cert_eku_server_auth_client_auth_missing', // its one certificate is for any purpose
]);

test('zlint’s rules all have a row, and its certificates are read and told of as the table says', async (context) => {
  if (!needsTools('go')) return context.skip();
  const program = await cached(`zlint-${VERSION}`, (folder) =>
    run('go', ['install', `${MODULE}/cmd/zlint@${VERSION}`], {
      env: { GOBIN: folder },
      timeoutMs: 120_000,
    }),
  );
  if (program === undefined) {
    console.warn('skipped: zlint does not build here');
    return context.skip();
  }
  const { output } = await run('go', ['mod', 'download', '-json', `${MODULE}@${VERSION}`]);
  const { Dir: module } = JSON.parse(output) as { Dir: string };

  const rules = SETS.flatMap((set) => rulesIn(join(module, 'lints', set)));
  expect(rules.length).toBeGreaterThan(300);
  const rows = new Map(lints.map((row) => [row.rule, row]));
  expect(rules.filter((rule) => !rows.has(rule))).toEqual([]);

  const folder = join(module, 'testdata');
  const told = new Map<string, readonly string[]>();
  const unread: string[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.pem'))) {
    const codes = codesOf(file, readFileSync(join(folder, file)));
    if (codes === undefined) unread.push(file);
    else told.set(file, codes);
  }
  expect(told.size).toBeGreaterThan(1200);
  expect(unread.filter((name) => !/crl|ocsp/i.test(name))).toEqual([]);

  const files = [...told.keys()];
  const broken = await brokenRules(join(program, 'zlint'), folder, files);
  expect(broken.size).toBeGreaterThan(1200);
  const silent = [...rows.values()].filter(({ rule, code }) => {
    const breakers = files.filter((file) => broken.get(file)?.includes(rule) === true);
    const isTold = breakers.some((file) => told.get(file)?.includes(code) === true);
    return code !== '-' && breakers.length > 0 && !isTold && !NOT_SHOWN.has(rule);
  });
  expect(silent).toEqual([]);
});

function rulesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.go') && !name.endsWith('_test.go'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(
        /Name:\s*"([enw]_[^"]+)",\s*Description/g,
      ),
    ])
    .map(([, rule = '']) => rule);
}

function codesOf(file: string, bytes: Buffer): readonly string[] | undefined {
  try {
    const around = { now: new Date('2020-01-01'), authorities: [] };
    const { problems, notes } = inspectFile({ file, bytes }, around);
    return [...problems, ...notes].map(({ code }) => code);
  } catch (error) {
    if (error instanceof DevcertError) return undefined;
    throw error;
  }
}

/** The rules that each file breaks, as zlint sees it; of some it reads none. */
async function brokenRules(
  program: string,
  folder: string,
  files: readonly string[],
): Promise<Map<string, readonly string[]>> {
  const broken = new Map<string, readonly string[]>();
  // It gives up at the first file that it cannot read: then each of these is asked for alone.
  const ask = async (some: readonly string[]): Promise<void> => {
    const { status, output } = await run(
      program,
      some.map((file) => join(folder, file)),
    );
    const lines = output.split('\n').filter((line) => line.startsWith('{'));
    if (status === 0 && lines.length === some.length)
      some.forEach((file, index) => broken.set(file, rulesOf(lines[index])));
    else if (some.length > 1) for (const half of halves(some)) await ask(half);
  };
  for (let at = 0; at < files.length; at += 100) await ask(files.slice(at, at + 100));
  return broken;
}

function halves<T>(list: readonly T[]): (readonly T[])[] {
  const middle = Math.ceil(list.length / 2);
  return [list.slice(0, middle), list.slice(middle)];
}

function rulesOf(line = '{}'): string[] {
  const verdict = JSON.parse(line) as Record<string, { result: string }>;
  return Object.entries(verdict)
    .filter(([, { result }]) => ['info', 'warn', 'error', 'fatal'].includes(result))
    .map(([rule]) => rule);
}
