/** What devcert-local/compat does without a change of a store; the rest is in real/compat.test.ts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import * as compat from '../../src/entry/compat.ts';
import { temporaryFolder } from '../helpers/host.ts';

type Call = (...args: unknown[]) => unknown;
const { certificateFor, hasCertificateFor, removeDomain } = compat as unknown as Record<
  string,
  Call
>;

/** A state folder that is not there yet. */
function state(): string {
  const folder = join(temporaryFolder(), 'state');
  vi.stubEnv('DEVCERT_HOME', folder);
  onTestFinished(() => void vi.unstubAllEnvs());
  return folder;
}

describe('devcert-local/compat', () => {
  test.each([
    [7],
    [[]],
    [[7]],
    ['x.test', 7],
    ['x.test', { ui: 7 }],
    ['x.test', { ui: { confirmDomains: true } }],
    ['x.test', { ui: { getWindowsEncryptionPassword: 'secret' } }],
    ['x.test', { getCaPath: 'yes' }],
    ['x.test', { skipHostsFile: 1 }],
  ])('certificateFor() refuses wrong types as `usage`: %#', async (...args) => {
    const folder = state();
    await expect(certificateFor?.(...args)).rejects.toMatchObject({ code: 'usage' });
    expect(existsSync(folder)).toBe(false);
  });

  test('certificateFor() refuses what is no domain, and what nobody permitted', async () => {
    const folder = state();
    vi.stubEnv('CI', '1');
    for (const domain of ['../..', '', 'https://x.test', 'a b'])
      await expect(certificateFor?.(domain)).rejects.toMatchObject({ code: 'invalid-name' });
    const confirmDomains = () => Promise.resolve(false);
    for (const options of [{}, { ui: { confirmDomains } }])
      await expect(certificateFor?.('shop.dev', options)).rejects.toMatchObject({
        code: 'outside-constraints',
      });
    expect(existsSync(folder)).toBe(false);
  });

  test('makes nothing by looking, and takes nothing away that is not its own', () => {
    const folder = state();
    expect(compat.configuredDomains()).toEqual([]);
    expect(compat.hasCertificateFor('x.test')).toBe(false);
    for (const domain of ['../..', '.', '', '/']) {
      expect(hasCertificateFor?.(domain)).toBe(false);
      expect(removeDomain?.(domain)).toBeUndefined();
    }
    expect(existsSync(join(folder, '..'))).toBe(true);
    for (const wrong of [7, [], [7]]) {
      expect(() => hasCertificateFor?.(wrong)).toThrow('the domains');
      expect(() => removeDomain?.(wrong)).toThrow('the domains');
    }
    expect(existsSync(folder)).toBe(false);
  });
});
