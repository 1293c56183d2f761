/** Fuzz runs in a process of their own: one that aborts, hangs or eats all memory fails its test alone. */
import { run } from './run.ts';
import { bundledModule } from './bundle.ts';
import type { FuzzResult } from './fuzz.ts';

/** MiB of the heap. What Buffers take is watched by `fuzz()`. */
const MAX_HEAP = 1024;

/**
 * Call it where `bundledModule()` may be called.
 *
 * @param module a module with fuzz runs, by its path in the checkout.
 * @returns starts one of them, by its name. Rejects with what the child printed if that was no result.
 */
export function fuzzedInChild(
  module: string,
): <Result extends FuzzResult>(run: string, count: number, seed: number) => Promise<Result> {
  const url = bundledModule(module);
  return async <Result extends FuzzResult>(name: string, count: number, seed: number) => {
    const program = `import(${JSON.stringify(url())}).then((runs) =>
      console.log(JSON.stringify(runs[${JSON.stringify(name)}](${count}, ${seed}))));`;
    const args = [`--max-old-space-size=${MAX_HEAP}`, '-e', program];
    const { status, output } = await run(process.execPath, args, { timeoutMs: 590_000 });
    if (status !== 0) throw new Error(`the fuzz run died (${status}): ${output}`);
    return JSON.parse(output.trim().split('\n').at(-1) ?? '') as Result;
  };
}
