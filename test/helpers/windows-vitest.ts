/**
 * Vitest for the unit tests that are bundled for Windows' Node: vitest's own runner and `expect`, without
 * the rest, which needs programs of the system that it runs on. The files run one after the other in one
 * process. Prints `{ passed, skipped, failed }` as JSON: titles of the skipped and the failed.
 */
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import { afterAll as afterAllOfFile, startTests } from '@vitest/runner';
import type { Task, VitestRunner, VitestRunnerConfig } from '@vitest/runner';
import * as chai from 'chai';

export { afterEach, beforeAll, beforeEach, describe, onTestFinished, test } from '@vitest/runner';

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);
export const expect = chai.expect;

const atEnd: (() => unknown)[] = [];
let inFile = false;
/** Outside of the test files, in what runs before them: when everything has ended. */
export function afterAll(body: () => unknown): void {
  if (inFile) afterAllOfFile(body);
  else atEnd.push(body);
}

const before = new Map<string, string | undefined>();
export const vi = {
  stubEnv(name: string, value: string | undefined): void {
    if (!before.has(name)) before.set(name, process.env[name]);
    setEnv(name, value);
  },
  unstubAllEnvs(): void {
    for (const [name, value] of before) setEnv(name, value);
    before.clear();
  },
};

function setEnv(name: string, value: string | undefined): void {
  if (value === undefined) Reflect.deleteProperty(process.env, name);
  else process.env[name] = value;
}

/** Runs the test files. @param files what loads each, by name. */
export async function runFiles(files: Readonly<Record<string, () => unknown>>): Promise<void> {
  inFile = true;
  // As vitest.config.ts has it; of the rest, what the runner looks at.
  const config = {
    root: import.meta.dirname,
    setupFiles: [],
    sequence: { hooks: 'stack', setupFiles: 'list' },
    maxConcurrency: 1,
    testTimeout: 300_000,
    hookTimeout: 300_000,
    retry: 0,
    tags: [],
  } as unknown as VitestRunnerConfig;
  const runner: VitestRunner = {
    config,
    importFile: (path) => files[path]?.(),
  };
  const ended = await startTests(Object.keys(files), runner);
  for (const it of atEnd) await it();
  const result = { passed: 0, skipped: [] as string[], failed: [] as string[] };
  const collect = (task: Task, above: string): void => {
    const title = above === '' ? task.name : `${above} > ${task.name}`;
    const errors = task.result?.errors ?? [];
    if (errors.length > 0)
      result.failed.push(
        `${title}: ${errors.map(({ stack, message }) => stack ?? message).join('\n')}`,
      );
    if (task.type === 'suite') for (const it of task.tasks) collect(it, title);
    else if (task.result?.state === 'pass') result.passed++;
    else if (task.result?.state !== 'fail') result.skipped.push(title);
  };
  for (const file of ended) collect(file, '');
  console.log(JSON.stringify(result));
}
