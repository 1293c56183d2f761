/**
 * The first thing a person does with devcert, for real: README's commands in a fresh home on Debian as
 * root, its example server, and every client before, after, and after it was taken away again.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { playScenario } from '../helpers/namespace.ts';
import { needsCoveredDebian, needsTools } from '../helpers/require.ts';
import { type Ended } from '../helpers/run.ts';

interface Report {
  readonly issue: Ended;
  readonly clientsBefore: Record<string, boolean>;
  readonly dryRun: Ended;
  readonly unchangedByDryRun: string[];
  readonly install: Ended;
  readonly status: Ended;
  readonly clientsAfter: Record<string, boolean>;
  readonly again: Ended;
  readonly uninstall: Ended;
  readonly statusAfter: number;
  readonly clientsAfterUninstall: Record<string, boolean>;
  readonly differences: string[];
  readonly homeEntries: string;
}

const tools = [
  'chromium',
  'firefox-esr',
  'certutil',
  'java',
  'curl',
  'wget',
  'gnutls-cli',
  'python3',
];
const ready = needsCoveredDebian() && needsTools(...tools);

describe.runIf(ready)('devcert, end to end', () => {
  let report: Report;
  const shared = '/etc/ssl/certs/java/cacerts';

  beforeAll(async () => {
    report = (await playScenario('end-to-end')) as Report;
  });

  // Node reads no system store: it wants the variable, and takes it whether devcert is installed or not.
  const opened = (value: boolean) => ({
    curl: value,
    wget: value,
    python: value,
    'gnutls-cli': value,
    java: value,
    'node, on its own': false,
    'node with NODE_EXTRA_CA_CERTS': true,
    chromium: value,
    firefox: value,
  });

  test('issuing alone makes nobody trust anything', () => {
    expect(report.issue.status).toBe(0);
    expect(report.clientsBefore).toEqual(opened(false));
  });

  test('a dry run shows the commands and changes nothing', () => {
    expect(report.dryRun.status).toBe(0);
    expect(report.dryRun.output).toMatch(/update-ca-certificates/);
    expect(report.dryRun.output).toMatch(/certutil -A/);
    expect(report.unchangedByDryRun).toEqual([]);
  });

  test('after install every client opens the page', () => {
    expect(report.install).toMatchObject({ status: 0 });
    expect(report.clientsAfter).toEqual(opened(true));
    expect(report.status.status).toBe(0);
    expect(JSON.parse(report.again.output)).toMatchObject({ authority: 'kept' });
  });

  test('after uninstall every client refuses it', () => {
    expect(report.uninstall).toMatchObject({ status: 0 });
    expect(report.statusAfter).toBe(3);
    expect(report.clientsAfterUninstall).toEqual(opened(false));
  });

  test('and nothing is left: not a file, not a dangling link', () => {
    expect(report.differences.filter((path) => path !== shared)).toEqual([]);
    expect(report.homeEntries).toBe('');
  });
});
