import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

test('every threat of the model has a mitigation, and a test that exists', () => {
  const rows = [
    ...read('docs/security/threat-model.md').matchAll(/^\| ([^|-][^|]*) \| ([^|]+) \| `(\S+\.test\.ts)` · (.+) \|$/gm),
  ]
  const lines = read('docs/security/threat-model.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
  // The heading is the one line without a test.
  expect(rows.length).toBe(lines.length - 1)
  expect(rows.length).toBeGreaterThan(10)
  for (const [, threat, , path = '', title = ''] of rows) {
    const source = existsSync(new URL(path, root)) ? read(path) : ''
    const quoted = new RegExp(`\\(\\s*(['"\`])${RegExp.escape(title)}`)
    expect({ threat, path, title, exists: quoted.test(source) }).toEqual({ threat, path, title, exists: true })
  }
})
