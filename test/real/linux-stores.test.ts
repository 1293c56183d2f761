/**
 * The system store and Java's, for real: as root in a mount namespace whose overlays keep every
 * change away from this machine.
 */
import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { playScenario } from '../helpers/namespace.ts';
import { needs, needsCoveredDebian } from '../helpers/require.ts';

interface Phase {
  readonly states: Record<string, string>;
  readonly clients: Record<string, boolean>;
}

interface Report {
  readonly before: Phase;
  readonly installed: Phase;
  readonly removed: Phase;
  readonly installFailures: string[];
  readonly uninstallFailures: string[];
  readonly differences: string[];
  readonly sameJavaEntries: boolean;
  readonly byHand: { state: string };
  readonly twinRemoved: { twin: { state: string }; root: { state: string }; clients: boolean };
  readonly twinDifferences: string[];
  readonly dangling: string;
  readonly halfWay: string;
  readonly clearedUp: { state: string; differences: string[] };
}

const shared = '/etc/ssl/certs/java/cacerts';
const ready =
  needsCoveredDebian() &&
  needs(existsSync(shared), 'Debian’s Java (apt install default-jdk-headless)') &&
  needs(existsSync('/usr/bin/curl') && existsSync('/usr/bin/openssl'), 'curl and openssl');

describe.runIf(ready)('Linux stores', () => {
  let report: Report;

  beforeAll(async () => {
    report = (await playScenario('linux-stores')) as Report;
  });

  const all = (value: boolean) => ({
    openssl: value,
    'openssl by hash': value,
    curl: value,
    'java, own cacerts': value,
    'java, shared cacerts': value,
  });
  const everywhere = (state: string) => ({
    '/usr/local/share/ca-certificates': state,
    [shared]: state,
    '/usr/lib/jvm/vendor/lib/security/cacerts': state,
  });

  test('nothing trusts the root before install', () => {
    expect(report.before).toEqual({ states: everywhere('absent'), clients: all(false) });
  });

  test('every store trusts it after install, and every client opens the page', () => {
    expect(report.installFailures).toEqual([]);
    expect(report.installed).toEqual({ states: everywhere('trusted'), clients: all(true) });
  });

  test('nothing trusts it after uninstall, Debian’s shared cacerts included (statement 32)', () => {
    expect(report.uninstallFailures).toEqual([]);
    expect(report.removed).toEqual({ states: everywhere('absent'), clients: all(false) });
  });

  test('everything is byte for byte as before, but for the order in a JKS', () => {
    // keytool writes a JKS in the order of its own hash table, which is not the one Debian's hook
    // left: the entries, their dates and the length are the same. A PKCS#12 comes back identical.
    expect(report.differences.filter((path) => path !== shared)).toEqual([]);
    expect(report.sameJavaEntries).toBe(true);
    expect(report.dangling).toBe('');
  });

  test('a root put there by hand is trusted, and removed without hiding one with its subject', () => {
    expect(report.byHand).toEqual({ state: 'trusted' });
    expect(report.twinRemoved).toEqual({
      twin: { state: 'absent' },
      root: { state: 'trusted' },
      clients: true,
    });
    expect(report.twinDifferences.filter((path) => path !== shared)).toEqual([]);
  });

  test('an install whose refresh failed is cleared up by the plan of uninstall', () => {
    expect(report.halfWay).toBe('partial');
    expect(report.clearedUp).toEqual({ state: 'absent', differences: [] });
  });
});
