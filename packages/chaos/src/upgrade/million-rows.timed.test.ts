import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createTestDatabase, inheritedEnv, isLongForm } from '@muster/testing'
import { expect, onTestFinished, test } from 'vitest'
import { sourceFile } from '../system/programs.ts'

/** In the long run alone: filling the tables takes minutes. */
const halfAnHourMs = 1_800_000

test.runIf(isLongForm)(
  'no migration since 0.5.0 makes others wait for more than 2 s with a million rows a table',
  { timeout: halfAnHourMs },
  async () => {
    const database = await createTestDatabase({ poolMax: 1, isMigrated: false })
    onTestFinished(() => database.drop())
    const args = [sourceFile('migrate'), 'measure']
    const env = { ...inheritedEnv(), DATABASE_URL: database.url }
    // It fails by itself when one did.
    const { stdout } = await promisify(execFile)(process.execPath, args, { env })
    console.log(stdout)
    expect(stdout).toContain('longest wait of others')
  },
)
