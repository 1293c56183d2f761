import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runSystemProgram } from '../../platform/system-program.ts';
import { temporaryFolder } from '../helpers/host.ts';

const node = process.execPath;
const run = (code: string, more: Partial<Parameters<typeof runSystemProgram>[0]> = {}) =>
  runSystemProgram({ file: node, args: ['-e', code], ...more }, process.env);

describe('runSystemProgram()', () => {
  test('gives both outputs and the exit code, and an empty standard input', async () => {
    const code = `
      process.stdin.on('data', () => process.exit(9)).on('end', () => {
        console.log(process.env.DEVCERT_TEST, process.argv[1]);
        console.error('no');
        process.exitCode = 3;
      });`;
    const args = ['-e', code, 'a "b" $HOME %PATH%'];
    expect(await run(code, { args, env: { DEVCERT_TEST: 'ä' } })).toEqual({
      exitCode: 3,
      stdout: 'ä a "b" $HOME %PATH%\n',
      stderr: 'no\n',
    });
    expect(await run('')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  test('never throws: no such program, one that hangs, one that says too much', async () => {
    const file = join(temporaryFolder(), 'nothing.exe');
    expect(await run('', { file })).toMatchObject({ exitCode: undefined, failure: 'not-found' });
    const hanging = 'console.log(1); setInterval(() => undefined, 1000)';
    expect(await run(hanging, { timeoutMs: 500 })).toMatchObject({
      exitCode: undefined,
      failure: 'timeout',
    });
    const endless = `const line = 'x'.repeat(2 ** 20); setInterval(() => process.stdout.write(line))`;
    expect(await run(endless)).toMatchObject({ exitCode: undefined, failure: 'killed' });
  });
});
