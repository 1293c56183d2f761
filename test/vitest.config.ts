import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
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

// They take as long as all other unit tests together.
const starting = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => /^(?!real[\\/]).*\.test\.ts$/.test(name))
  .filter((name) =>
    readFileSync(join(import.meta.dirname, name), 'utf8').includes('helpers/cli.ts'),
  )
  .map((name) => `test/${name.replaceAll('\\', '/')}`);

// Dev servers of frameworks: those of two files would write into one cache of one folder of packages, and what
// they do with an edit is a matter of moments.
const ALONE = ['frameworks', 'frameworks-vite', 'recipes-frameworks'].map(
  (name) => `test/real/${name}.test.ts`,
);
// Far above what any takes: a machine may be busy, and only a hang should be ended.
const limits = { testTimeout: 300_000, hookTimeout: 400_000 };
const unit = {
  ...limits,
  setupFiles: ['test/helpers/guard.ts'],
  // The default leaves a core idle, which is half of a small machine. One more than cores: some wait for time to pass.
  maxWorkers: availableParallelism() + 1,
};
const real = {
  ...limits,
  setupFiles: ['test/helpers/guard.ts'],
  // The default is a second, which a busy machine may need for anything.
  expect: { poll: { timeout: 60_000 } },
};

// "unit" is fast; "command" starts the built command as users do; neither touches anything outside its temporary
// folders. "real" and "alone" drive other people's programs: TLS stacks, browsers, trust stores. Each begins when
// the one before has ended.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    projects: [
      {
        test: {
          ...unit,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', ...skipped, ...starting],
        },
      },
      { test: { ...unit, name: 'command', include: starting } },
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
