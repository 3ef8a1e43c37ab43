import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createSay, type Joined, joinHost } from '@muster/devkit'
import { ensureTemplate } from './template.ts'
import type { TestServices } from './test-services.ts'

/** The services that a test run requests from the host. */
export type TestRun = {
  /** False for a run of packages whose tests need neither Postgres nor Redis nor the inbox. */
  needsServices: boolean
  /** Whether it waits until it may run beside others, or until no other runs. Undefined for a run that watches. */
  turn?: 1 | 'all'
}

const root = resolve(import.meta.dirname, '../../../..')
const main = fileURLToPath(new URL('./host-main.ts', import.meta.url))

/** Turbo starts the next package soon after one has ended. */
const lingerUnderTurboMs = 20_000

/**
 * Waits for the turn of this test run and for the services, which all runs of this checkout share, and sets MUSTER_TEST_* for the
 * tests. Under turbo the services outlive the run for some seconds, otherwise they stop with the last run.
 * @throws StartError when the services do not start
 */
export async function joinTestServices(run: TestRun): Promise<Pick<Joined<unknown>, 'leave'>> {
  const dir = join(resolve(root, process.env.MUSTER_HOME || '.muster'), 'test')
  const say = createSay(['muster'])
  const { info, leave } = await joinHost<TestServices | null>({
    dir,
    main,
    logFile: join(dir, 'logs/host.log'),
    request: run,
    lingerMs: process.env.TURBO_HASH ? lingerUnderTurboMs : 0,
    say: (line) => say('muster', line),
    onLost: () => {
      console.error('The services of the tests have ended. Run the tests again.')
      process.exit(1)
    },
  })
  if (info) {
    Object.assign(process.env, {
      MUSTER_TEST_POSTGRES_URL: info.postgresUrl,
      MUSTER_TEST_TEMPLATE: await ensureTemplate(info.postgresUrl),
      MUSTER_TEST_REDIS_URL: info.redisUrl,
      MUSTER_TEST_INBOX_URL: info.inboxUrl,
      MUSTER_TEST_SMTP_PORT: String(info.smtpPort),
    })
  }
  return { leave }
}
