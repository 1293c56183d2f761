/** Every command that changes the machine can show first what it would do: real/dry-run.test.ts holds what that changes. */
import { describe, expect, test } from 'vitest';
import { everyDeclared } from '../helpers/declared.ts';

/** What the others do, for which nothing has to be seen before. */
const OTHERS = {
  'look and change nothing': [
    ...['status', 'check', 'doctor', 'ca list', 'ca show', 'mtls check', 'list', 'hosts list'],
    ...['completion', 'inspect', 'verify', 'recipe'],
  ],
  'write files into the project, and replace nothing of others without --force': [
    ...['issue', 'export', 'csr', 'sign', 'mtls', 'mtls rotate', 'ca export'],
  ],
  'change the state folder alone, and another command undoes it': ['ca create', 'ca unprotect'],
  'have a program trust the root, and that one alone': ['run', 'env'],
};

describe('--dry-run', () => {
  test('each command has it, or is one of those that need none', async () => {
    const all = await everyDeclared();
    const without = [...all].filter(([, { options = {} }]) => !('--dry-run' in options));
    expect(without.map(([name]) => name).sort()).toEqual(Object.values(OTHERS).flat().sort());
  });
});
