/**
 * The single executable, made here for Linux: what the packed command does, it does, with the same exit codes,
 * where no Node is installed.
 */
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { playScenario } from '../helpers/namespace.ts';
import { npmPackages } from '../helpers/recipe-server.ts';
import { needsCoveredDebian, needsTools } from '../helpers/require.ts';
import { type Ended, run } from '../helpers/run.ts';

interface Ran {
  readonly ended: { readonly step: string; readonly status: number; readonly output: string }[];
  readonly node: number;
  readonly left: string[];
  readonly home: string;
}

/** The Node of the release; test/real/package.test.ts runs the package on it, too. */
const NODE = `node-${process.platform}-${process.arch}`;
const ROOT = resolve(import.meta.dirname, '../..');
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
};
const ready = needsCoveredDebian() && needsTools('sudo', 'setpriv', 'strip');

describe.runIf(ready)('the single executable', () => {
  let report: { readonly npm: Ran; readonly executable: Ran };
  let sizes: { readonly archive: number; readonly unpacked: number };
  let asNode: Ended;
  let checksum: { readonly written: string; readonly right: string; readonly files: string };

  beforeAll(async () => {
    const packages = await npmPackages([`${NODE}@26.10.0`]);
    if (packages === undefined) throw new Error('no Node 26 from npm');
    const folder = mkdtempSync(join(tmpdir(), 'devcert-executable-test-'));
    try {
      chmodSync(folder, 0o755);
      const node = join(packages, 'node_modules', NODE, 'bin/node');
      const made = await run(node, [join(ROOT, '.ci/executable.mjs'), folder]);
      expect(made, made.output).toMatchObject({ status: 0 });
      const name = `devcert-${version}-linux-${process.arch}`;
      const archive = join(folder, `${name}.tar.gz`);
      const executable = join(folder, name, 'devcert');
      sizes = { archive: statSync(archive).size, unpacked: statSync(executable).size };
      // As the doctor starts it, to look names up.
      const code = 'process.stdout.write(process.argv.slice(1).join() + typeof require)';
      asNode = await run(executable, ['-e', code, 'a', 'b'], { env: { DEVCERT_AS_NODE: '1' } });
      checksum = {
        written: readFileSync(`${archive}.sha256`, 'utf8'),
        right: `${createHash('sha256').update(readFileSync(archive)).digest('hex')}  ${name}.tar.gz\n`,
        files: (await run('tar', ['-tzf', archive])).output,
      };
      report = (await playScenario('executable', executable)) as typeof report;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('is at most 125 MB, and 45 MB packed with its licences and manual page', () => {
    // 8 MB of devcert's, its cache of compiled code included: the rest is Node 26.
    expect(sizes.unpacked).toBeLessThanOrEqual(125_000_000);
    expect(sizes.archive).toBeLessThanOrEqual(45_000_000);
    expect(checksum.written).toBe(checksum.right);
    const files = ['LICENSE', 'LICENSE-NODE', 'LICENSES.txt', 'devcert', 'devcert.1'];
    expect(checksum.files.trim().split('\n').sort()).toEqual(files);
  });

  test('ends each step with the exit code of the packed command, without a Node', () => {
    const statuses = ({ ended }: Ran) => ended.map(({ step, status }) => [step, status]);
    expect(report.npm.node).toBe(0);
    expect(report.executable.node).not.toBe(0);
    expect(statuses(report.executable)).toEqual(statuses(report.npm));
    const codes = report.npm.ended.map(({ status }) => status);
    expect(codes).toEqual([0, 3, 2, 0, 0, 0, 0, 6, 0, 0, 0, 0, 9, expect.any(Number), 0, 3]);
  });

  test('prints what it prints: guides, manual page, recipes', () => {
    const printed = ({ ended }: Ran) =>
      ended.filter(({ step }) => /^(--|help|completion|recipe|shop)/.test(step));
    expect(printed(report.executable)).toEqual(printed(report.npm));
    const guide = report.executable.ended.find(({ step }) => step === 'help safety');
    expect(guide?.output).toContain('issuer-key.pem');
  });

  test('is Node for the lookups of its doctor', () => {
    expect(asNode).toEqual({ status: 0, output: 'a,bfunction' });
  });

  test('leaves nothing of the stores and the state folder', () => {
    for (const { left, home } of [report.npm, report.executable])
      expect({ left, home }).toEqual({ left: [], home: '' });
  });
});
