// How the tests run: two processes at most, each file in its own process, because the native store
// (lmdb) is not unloaded with a worker thread. Type tests (`*.test-d.ts`) are checked by tsc alone.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const root = fileURLToPath(new URL('..', import.meta.url))

export default defineConfig({
  root,
  resolve: {
    alias: [
      {
        find: /^millrace$/,
        replacement: fileURLToPath(new URL('../jobs/index.ts', import.meta.url)),
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
  },
})
