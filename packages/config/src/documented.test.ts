import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { services } from './service-parts.ts'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const configs = [
  ...globSync('apps/*/src/config.ts', { cwd: root }),
  'packages/config/src/database-env.ts',
  'packages/config/src/process-env.ts',
  'packages/storage/src/config.ts',
]

/** The variables of all processes: the keys of their schemas, and the parts of the URLs of services. */
const names = new Set([
  ...configs.flatMap((file) => [...read(file).matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name as string)),
  ...Object.values(services).flatMap(({ parts }) => parts),
])

/** The variables that compose.yaml sets by itself or leaves out: its own services, the ports inside, and those that production refuses. */
const leftOut = /^(?:DATABASE|REDIS)_|^(?:NODE_ENV|PORT|OPS_PORT|ALLOW_LOOPBACK_ORIGINS|RATE_LIMIT_SCALE)$/

test('docs/operate.md names every variable of every process', () => {
  const page = read('docs/operate.md')
  expect(names.size).toBeGreaterThan(60)
  expect([...names].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('compose.yaml passes every variable on, or it is listed as left out', () => {
  const compose = read('docker/compose.yaml')
  expect([...names].filter((name) => !leftOut.test(name) && !compose.includes(` ${name}: `))).toEqual([])
})
