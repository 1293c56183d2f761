/** For tests of files: a process of its own for another umask, user or mount table. */
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { bundledModule } from './bundle.ts';

/**
 * What runs code in a process of its own, where it may have another umask, user or mount table: with files.ts as
 * `f` and node:fs as `fs`; it prints `error.code|cause|message|hint` if the code throws. To be called at the top of
 * a file of tests.
 */
export function fileProcess() {
  const bundle = bundledModule('test/helpers/disk.ts');
  return (code: string, options: { uid?: number; before?: string } = {}): string => {
    const program = `import * as f from ${JSON.stringify(bundle())}; import fs from 'node:fs';
      try { ${code} } catch (e) { console.log([e.code, e.cause?.code, e.message, e.hint].join('|')) }`;
    const node = [process.execPath, '--input-type=module', '-e', program] as const;
    const [file, ...args] =
      options.before === undefined
        ? node
        : (['unshare', '-m', 'sh', '-ec', `${options.before}; exec "$@"`, 'sh', ...node] as const);
    const result = spawnSync(file, args, { encoding: 'utf8', uid: options.uid, timeout: 20_000 });
    expect(result.stderr).toBe('');
    return result.stdout.trim();
  };
}
