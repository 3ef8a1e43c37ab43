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
