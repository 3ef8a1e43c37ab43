import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readWorkspace } from '../workspace.ts'
import { logsPage } from './logs-page.ts'
import { readLogLines } from './read-log-lines.ts'

const root = join(import.meta.dirname, '../../../..')

test('docs/logs.md lists every event that the sources log', async () => {
  const page = logsPage(await readLogLines(root, await readWorkspace(root)))
  await expect(page).toMatchFileSnapshot(join(root, 'docs/logs.md'))
})

/** Conditions on `event` and `component` in the jq filters of the docs. */
const conditions = /\.(event|component) *(==|\| *startswith\() *"([^"]+)"/g

test('each event and component in a jq filter of the docs is in docs/logs.md', async () => {
  const page = await readFile(join(root, 'docs/logs.md'), 'utf8')
  const events = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, event]) => event as string)
  const components = [...page.matchAll(/^## (.+)$/gm)].map(([, name]) => name as string)
  expect([events.length > 50, components.length > 10]).toEqual([true, true])
  const unknown: string[] = []
  let count = 0
  for await (const path of glob(['docs/*.md', 'docker/**/*.{yml,yaml,md}', '*.md'], { cwd: root })) {
    const text = await readFile(join(root, path), 'utf8')
    for (const [whole, field, operator, value = ''] of text.matchAll(conditions)) {
      count++
      const known = field === 'event' ? events : components
      const isKnown = operator === '==' ? known.includes(value) : known.some((one) => one.startsWith(value))
      if (!isKnown) unknown.push(`${path}: ${whole}`)
    }
  }
  expect([unknown, count > 5]).toEqual([[], true])
})
