import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Adapters of systems whose paths and programs are not there on Windows. In other files what is about
// modes, links or sh names the condition itself (helpers/can.ts).
const unixOnly = [
  'test/platform/java.test.ts',
  'test/platform/linux-system.test.ts',
  'test/platform/macos.test.ts',
  'test/platform/nss.test.ts',
  'test/platform/simulators.test.ts',
];
const skipped = process.platform === 'win32' ? unixOnly : [];
if (skipped.length > 0) console.warn(`not run on Windows: ${skipped.join(', ')}`);

// Dev servers of frameworks: those of two files would write into one cache of one folder of packages, and what
// they do with an edit is a matter of moments.
const ALONE = ['frameworks', 'frameworks-vite', 'recipes-frameworks'].map(
  (name) => `test/real/${name}.test.ts`,
);
// Far above what any takes: a machine may be busy, and only a hang should be ended.
const limits = { testTimeout: 300_000, hookTimeout: 400_000 };
const real = {
  ...limits,
  setupFiles: ['test/helpers/guard.ts'],
  // The default is a second, which a busy machine may need for anything.
  expect: { poll: { timeout: 60_000 } },
};

// "unit" is fast and touches nothing outside its temporary folders; "real" and "alone" drive other people's
// programs: TLS stacks, browsers, trust stores. Each begins when the one before has ended.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    projects: [
      {
        test: {
          ...limits,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', ...skipped],
          setupFiles: ['test/helpers/guard.ts'],
          // The default leaves a core idle, which is half of a small machine. One more than cores: some wait for time to pass.
          maxWorkers: availableParallelism() + 1,
        },
      },
      {
        test: {
          ...real,
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          exclude: ALONE,
          sequence: { groupOrder: 1 },
          // Browsers and JVMs are heavy, and half of the time they wait: one more than one.
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...real,
          name: 'alone',
          include: ALONE,
          // What other people's dev servers do in their first second is not always the same: once more, and the log says so.
          retry: 1,
          sequence: { groupOrder: 2 },
          fileParallelism: false,
        },
      },
    ],
  },
});
