import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** One project per package and app, named like its folder: `--project api`. */
const roots = [
  'db',
  ...['packages', 'apps'].flatMap((parent) => readdirSync(parentUrl(parent)).map((name) => `${parent}/${name}`)),
].filter((root) => existsSync(parentUrl(`${root}/package.json`)))

export default defineConfig({
  test: {
    // A third of the time of these tests is waiting for processes; on two cores vitest would take the files one by one.
    // Three at a time keep both busy, and a test that measures time has to allow for that, unless it is of chaos.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Once per run: Postgres, Redis and the inbox for every project.
    globalSetup: [fileURLToPath(parentUrl('packages/testing/src/global-setup.ts'))],
    projects: roots.map((root) => {
      const name = root.split('/').at(-1) ?? root
      return {
        test: {
          name,
          // Whole, so that a package's own script finds it from its own folder.
          root: fileURLToPath(parentUrl(root)),
          include: ['src/**/*.test.ts'],
          environment: 'node',
          testTimeout: name === 'chaos' ? 120_000 : 60_000,
          hookTimeout: name === 'chaos' ? 120_000 : 60_000,
          // Chaos starts, freezes and kills whole systems and measures time: alone, one file after another, at the end.
          ...(name === 'chaos' ? { fileParallelism: false, sequence: { groupOrder: 1 } } : {}),
        },
      }
    }),
  },
})

function parentUrl(path: string): URL {
  return new URL(path, import.meta.url)
}
