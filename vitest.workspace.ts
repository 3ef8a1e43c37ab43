import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** One project per package and app, named like its folder: `--project api`. */
const roots = [
  'db',
  ...['packages', 'apps'].flatMap((parent) => readdirSync(pathOf(parent)).map((name) => `${parent}/${name}`)),
].filter((root) => existsSync(pathOf(`${root}/package.json`)))

/** Their tests fail when a command to Redis is one that a cluster refuses. */
const usesRedis = new Set([
  'api',
  'audit-worker',
  'email-worker',
  'image-worker',
  'reminder-worker',
  'jobs',
  'cache',
  'presence',
  'signals',
  'redis',
])

/** The global set-up of a package: the bundle from which chaos starts processes, and the compiled texts of the pages. */
const preparations: Record<string, string[]> = {
  'packages/chaos': ['packages/chaos/src/global-setup.ts'],
  'apps/web': ['apps/web/compile-messages.ts'],
}

/** In the folder of a package, vitest runs the tests of this package. */
const current = roots.filter((root) => `${process.cwd()}/`.startsWith(`${pathOf(root)}/`))

/** Memory for garbage that is collected less often: a tenth of the processor time of tests was spent on that. */
const execArgv = ['--min-semi-space-size=16', '--max-semi-space-size=64', '--heap-growing-percent=200']

export default defineConfig({
  test: {
    // These tests spend a third of their time waiting for processes. On two cores vitest would run one file at a time,
    // and three keep both cores busy. Tests that measure time must tolerate that, except for the timed ones of chaos.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Once per run: Postgres, Redis and the inbox for every project.
    globalSetup: [pathOf('packages/testing/src/global-setup.ts')],
    projects: (current.length > 0 ? current : roots).flatMap(suitesOf).map(({ root, name, ...files }) => {
      const isChaos = root === 'packages/chaos'
      return {
        test: {
          name,
          ...files,
          // An absolute path, so that vitest also runs from the folder of a package.
          root: pathOf(root),
          environment: 'node',
          execArgv,
          setupFiles: [
            // Statements that would need several shards, and commands that a Redis Cluster would refuse, fail the tests that execute them.
            ...(root.startsWith('apps/') ? [pathOf('packages/sharding/src/watch-statements.ts')] : []),
            ...(usesRedis.has(name) ? [pathOf('packages/redis/src/testing/refuse-cross-slot.ts')] : []),
          ],
          // The files of a project share processes, each of which loads the modules of the project once. Loading those of the
          // API takes 3 s of a core. So a test restores what it changes of its process.
          isolate: isChaos,
          globalSetup: (preparations[root] ?? []).map(pathOf),
          testTimeout: isChaos ? 120_000 : 60_000,
          hookTimeout: isChaos ? 120_000 : 60_000,
        },
      }
    }),
  },
})

/**
 * Lists the projects of a package. Chaos tests start, freeze and kill whole systems, so they run after the others: two files at a time,
 * since half of their time passes while processes start, recover and wait. Those that measure time (`*.timed.test.ts`) run alone, at the
 * end.
 */
function suitesOf(root: string) {
  const name = root.split('/').at(-1) ?? root
  const include = ['src/**/*.test.ts']
  if (root !== 'packages/chaos') return [{ root, name, include }]
  const timed = ['src/**/*.timed.test.ts']
  return [
    { root, name, include, exclude: timed, maxWorkers: 2, sequence: { groupOrder: 1 } },
    { root, name: 'chaos-timed', include: timed, maxWorkers: 1, sequence: { groupOrder: 2 } },
  ]
}

function pathOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url))
}
