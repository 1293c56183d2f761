import { defineConfig } from 'vitest/config';

// "unit" is fast and touches nothing outside its temporary folders; "real" drives other people's
// programs: TLS stacks, browsers, trust stores.
export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**'],
          setupFiles: ['test/helpers/guard.ts'],
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
