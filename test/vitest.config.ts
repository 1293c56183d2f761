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

// "unit" is fast and touches nothing outside its temporary folders; "real" drives other people's
// programs: TLS stacks, browsers, trust stores.
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', ...skipped],
          // Far above what any takes: a machine may be busy, and only a hang should be ended.
          testTimeout: 60_000,
          setupFiles: ['test/helpers/guard.ts'],
          // The default leaves a core idle, which is half of a small machine: these wait for children mostly.
          maxWorkers: '100%',
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          setupFiles: ['test/helpers/guard.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          // Browsers and JVMs are heavy, and some of these tests share ports and name spaces.
          fileParallelism: false,
        },
      },
    ],
  },
});
