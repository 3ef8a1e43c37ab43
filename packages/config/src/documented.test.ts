import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { services } from './service-parts.ts'

const root = join(import.meta.dirname, '../../..')
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const configs = [
  'apps/api/src/config.ts',
  ...globSync('packages/settings/src/*-worker.ts', { cwd: root }),
  'packages/config/src/database-env.ts',
  'packages/config/src/error-reports-env.ts',
  'packages/config/src/process-env.ts',
  'packages/config/src/tracing-env.ts',
  'packages/storage/src/config.ts',
  'packages/storage/src/scan-command.ts',
]

/** The variables of all processes: the keys of their schemas, and the parts of the URLs of services. */
const names = new Set([
  ...configs.flatMap((file) => [...read(file).matchAll(/^ {2}([A-Z][A-Z_]+):/gm)].map(([, name]) => name as string)),
  ...Object.values(services).flatMap(({ parts }) => parts),
])

test('docs/operate.md names every variable of every process', () => {
  const page = read('docs/operate.md')
  expect(names.size).toBeGreaterThan(60)
  expect([...names].filter((name) => !page.includes(`\`${name}\``))).toEqual([])
})

test('docker/.env.example has a line for every variable that compose.yaml takes, and compose.yaml takes each once', () => {
  const example = read('docker/.env.example')
  const compose = read('docker/compose.yaml')
  const taken = new Set([...compose.matchAll(/\$\{([A-Z0-9_]+)/g)].map(([, name]) => name as string))
  expect([...taken].filter((name) => !new RegExp(`^#?${name}=`, 'm').test(example))).toEqual([])
  const blocks = compose
    .split(/^(?:x-| {2}[a-z-]+:)/m)
    .map((block): string[] => block.match(/^ +[A-Z0-9_]+(?=: )/gm) ?? [])
  expect(blocks.flatMap((names) => names.filter((name, index) => names.indexOf(name) !== index))).toEqual([])
})
