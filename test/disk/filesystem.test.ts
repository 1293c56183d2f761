import { describe, expect, test } from 'vitest';
import { hasModes, shellCommand, unlinkRetrying } from '../../src/disk/filesystem.ts';

function failing(codes: readonly (string | undefined)[]) {
  const left = [...codes];
  return () => {
    const code = left.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
  };
}
const passes = (error: unknown) => (error as { code?: string }).code === 'EPERM';

describe('unlinkRetrying()', () => {
  test('what was about to be deleted and is gone a moment later is success', () => {
    const unlink = failing(['EPERM', 'ENOENT']);
    expect(() => {
      unlinkRetrying('x', unlink, passes);
    }).not.toThrow();
    expect(unlink).not.toThrow(); // both were met
  });

  test('what was never there is an error, and so is one that lasts', () => {
    for (const [last, codes] of [
      ['ENOENT', ['ENOENT']],
      ['EIO', ['EPERM', 'EIO']],
    ] as const)
      expect(() => {
        unlinkRetrying('x', failing(codes), passes);
      }).toThrow(last);
  });
});

describe('shellCommand()', () => {
  test('is in the words of this system', () => {
    const [remove, look] = hasModes ? ['rm', 'ls -ld'] : ['del', 'icacls'];
    expect(shellCommand('remove', 'a b')).toBe(`${remove} "a b"`);
    expect(shellCommand('permissions', 'a b')).toBe(`${look} "a b"`);
  });
});
