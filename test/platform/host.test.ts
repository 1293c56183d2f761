import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createHost, findProgram } from '../../platform/host.ts';
import { hasModes } from '../helpers/can.ts';
import { temporaryFolder } from '../helpers/host.ts';

describe('findProgram()', () => {
  test.runIf(hasModes)('finds executables on PATH in its order, and skips everything else', () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    for (const folder of [first, second]) {
      writeFileSync(join(folder, 'tool'), '');
      chmodSync(join(folder, 'tool'), folder === first ? 0o644 : 0o755);
    }
    mkdirSync(join(first, 'folder'));
    const env = { PATH: `relative:${first}:${second}` };
    expect(findProgram('tool', env, false)).toBe(join(second, 'tool'));
    expect(findProgram('folder', env, false)).toBeUndefined();
    expect(findProgram('devcert-no-such-tool', env, false)).toBeUndefined();
  });

  test.runIf(process.platform === 'linux')(
    'finds administration tools that Debian leaves out of a user’s PATH',
    () => {
      expect(findProgram('ldconfig', { PATH: '' }, false)).toMatch(/sbin\/ldconfig$/);
    },
  );
});

describe('createHost()', () => {
  test('is this machine, and nobody is there to ask with CI set', () => {
    const host = createHost();
    expect(host).toMatchObject({ platform: process.platform, hostname: hostname(), sysroot: '/' });
    expect(host.home).toBe(process.env.HOME);
    expect(host.interactive).toBe(false);
  });
});
