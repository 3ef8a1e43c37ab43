import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const page = read('docs/security/asvs.md')

/** The requirements of OWASP ASVS 5.0.0 in these chapters, by level and section: the last part of their numbers. */
const levels: Record<1 | 2, Record<string, number[]>> = {
  1: {
    '3.2': [1, 2],
    '3.3': [1],
    '3.4': [1, 2],
    '3.5': [1, 2, 3],
    '5.2': [1, 2],
    '5.3': [1, 2],
    '6.1': [1],
    '6.2': [1, 2, 3, 4, 5, 6, 7, 8],
    '6.3': [1, 2],
    '6.4': [1, 2],
    '7.2': [1, 2, 3, 4],
    '7.4': [1, 2],
    '8.1': [1],
    '8.2': [1, 2],
    '8.3': [1],
  },
  2: {
    '3.3': [2, 3, 4],
    '3.4': [3, 4, 5, 6],
    '3.5': [4, 5],
    '3.7': [1, 2],
    '5.1': [1],
    '5.2': [3],
    '5.4': [1, 2, 3],
    '6.1': [2, 3],
    '6.2': [9, 10, 11, 12],
    '6.3': [3, 4],
    '6.4': [3, 4],
    '6.5': [1, 2, 3, 4, 5],
    '6.6': [1, 2, 3],
    '6.8': [1, 2, 3, 4],
    '7.1': [1, 2, 3],
    '7.3': [1, 2],
    '7.4': [3, 4, 5],
    '7.5': [1, 2],
    '7.6': [1, 2],
    '8.1': [2],
    '8.2': [3],
    '8.4': [1],
  },
}
const levelOf = new Map<string, string>(
  Object.entries(levels).flatMap(([level, sections]) =>
    Object.entries(sections).flatMap(([section, numbers]) =>
      numbers.map((number) => [`${section}.${number}`, level] as const),
    ),
  ),
)

const rows = [...page.matchAll(/^\| (\d+\.\d+\.\d+) \| (\d) \| (.+) \| (.+) \|$/gm)]
const listed = [...page.matchAll(/^- \*\*(\d+\.\d+\.\d+)\*\* /gm)].map(([, number = '']) => number)

test('the page lists exactly the requirements of levels 1 and 2, each as met or as deliberately not met', () => {
  const met = rows.map(([, number = '']) => number)
  expect(new Set(met).size).toBe(met.length)
  expect([...new Set([...met, ...listed])].sort()).toEqual([...levelOf.keys()].sort())
  for (const [, number = '', level] of rows) expect({ number, level }).toEqual({ number, level: levelOf.get(number) })
})

test('every test on the page exists and is not skipped', () => {
  for (const [, number, , , cell = ''] of rows) {
    const named = cell.split('<br>').map((each) => /^`(\S+\.test\.ts)` · (.+)$/.exec(each) ?? [])
    for (const [, path = '', title = ''] of named) {
      const source = existsSync(new URL(path, root)) ? read(path) : ''
      const quoted = new RegExp(`\\(\\s*(['"\`])${RegExp.escape(title)}\\1,`)
      expect({ number, path, title, exists: quoted.test(source) }).toEqual({ number, path, title, exists: true })
      expect({ path, leftOut: /\b(test|describe)\.(skip|todo|only)\b/.exec(source)?.[0] }).toEqual({ path })
    }
  }
})
