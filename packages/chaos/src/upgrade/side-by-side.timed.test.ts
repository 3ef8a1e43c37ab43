import { freePort } from '@muster/devkit'
import { createTestDatabase, eventually, isLongForm } from '@muster/testing'
import sharp from 'sharp'
import { describe, expect, onTestFailed, onTestFinished, test } from 'vitest'
import { type App, type AppName, appNames } from '../system/apps.ts'
import type { SystemDatabase } from '../system/database.ts'
import { root } from '../system/programs.ts'
import { type System, startSystemOn } from '../system/system.ts'
import { type Load, startLoad } from '../users/load.ts'
import { type InstalledCode, installCode, migrateBy, type Predecessor, predecessors } from './releases.ts'
import { expectWhole, startTraffic, type Traffic } from './traffic.ts'

/**
 * In the long run alone: it installs the code of other commits. `UPGRADE_FROM` names commits or tags to upgrade from, separated by
 * commas, instead of those of `db/baseline/releases.json`.
 */
const given = process.env.UPGRADE_FROM?.split(',').map((commit) => ({ name: commit, commit, knownFailures: [] }))

describe.runIf(isLongForm).each<Predecessor>(given ?? predecessors)('from $name', ({ commit, knownFailures }) => {
  test('old and new processes side by side under load: 0 failed, nothing lost or repeated, there and back', {
    timeout: 600_000,
  }, async (context) => {
    const old = await installCode(commit)
    if ('obstacle' in old) return context.skip(`upgrades are left out: ${old.obstacle}`)
    const system = await startSystemOn(() => createDatabaseOf(old))
    onTestFinished(() => system.close())
    onTestFailed(() => console.log(faultsIn(system.output())))
    const before = await startRelease(system, old.folder)
    const user = await system.registeredUser()
    const load = startLoad([before.api.url], user.cookieHeader(), { pauseMs: 60 })
    const traffic = startTraffic(system, user, await renderPicture(), [before.api.url])
    const under = { load, traffic }
    await moreOf(under)

    await migrateBy(root, system.postgres.url)
    await moreOf(under)
    const after = await startRelease(system, root)
    await replace(under, before, after)

    // The way back: the schema stays. Migrating by the old code is refused (by 0.5.0) or has nothing to do.
    const applied = () => system.inspector.query('select name from kysely_migration order by name')
    const migrations = await applied()
    await migrateBy(old.folder, system.postgres.url).catch(() => {})
    expect(await applied()).toEqual(migrations)
    const again = await startRelease(system, old.folder)
    await replace(under, after, again)
    await replace(under, again, await startRelease(system, root))

    const { failures, createdTaskIds } = await load.stop()
    const isKnown = (failure: string) => knownFailures.some((known) => failure.startsWith(known))
    const failed = [...failures, ...(await traffic.stop())]
    expect(failed.filter((failure) => !isKnown(failure))).toEqual([])
    const { ledger } = traffic
    await expectWhole(system, { ...ledger, taskIds: [...ledger.taskIds, ...createdTaskIds] })
    const counts = Object.entries(ledger).map(([name, { length }]) => `${length} ${name}`)
    console.log(
      `${load.responseCount()} answers of the load, ${counts.join(', ')}: ${failed.length} failed, 0 lost, 0 repeated`,
    )
  })
})

/** Returns the errors in the logs, and the last warnings. */
function faultsIn(output: string): string {
  const linesOf = (levels: string) =>
    output.split('\n').filter((line) => new RegExp(`"level":"(?:${levels})"`).test(line))
  return [...linesOf('error|fatal'), ...linesOf('warn').slice(-20)].join('\n')
}

/** The processes of one release. */
type Running = Record<AppName, App>

/** Starts all processes of a checkout, beside those that run. The API gets a port of its own. */
async function startRelease(system: System, checkout: string): Promise<Running> {
  const ownPort = Number(new URL(system.apiUrl).port)
  const isFirst = system.output() === ''
  // 0.5.0 has no default of WEB_URL.
  const env = { SHUTDOWN_DELAY_MS: '1500', WEB_URL: system.apiUrl }
  const started = await Promise.all(
    appNames.map(async (name) => {
      const port = name === 'api' ? { port: isFirst ? ownPort : await freePort() } : {}
      return [name, await system.start(name, { checkout, ...port, env })] as const
    }),
  )
  return Object.fromEntries(started) as Running
}

type Under = { load: Load; traffic: Traffic }

/** Sends requests to both releases, ends the processes of the first one by one, as docs/upgrade.md has it, and goes on with the second. */
async function replace(under: Under, first: Running, second: Running): Promise<void> {
  sendTo(under, [first.api.url, second.api.url])
  await moreOf(under)
  const { api, ...workers } = first
  for (const worker of Object.values(workers)) expect(await worker.terminate()).toMatchObject({ code: 0, signal: null })
  const exit = api.terminate()
  // A load balancer checks the readiness of each instance at an interval like this one.
  await eventually(async () => expect(await api.isReady()).toBe(false), { intervalMs: 200 })
  sendTo(under, [second.api.url])
  expect(await exit).toMatchObject({ code: 0, signal: null })
  await moreOf(under)
}

function sendTo({ load, traffic }: Under, urls: readonly string[]): void {
  load.sendTo(urls)
  traffic.sendTo(urls)
}

/** Waits for further answers to both, so that each stage has some. */
async function moreOf({ load, traffic }: Under): Promise<void> {
  const [responses, reminders] = [load.responseCount(), traffic.ledger.reminderIds.length]
  await eventually(
    () => {
      expect(load.responseCount()).toBeGreaterThan(responses + 200)
      expect(traffic.ledger.reminderIds.length).toBeGreaterThan(reminders + 6)
    },
    { timeoutMs: 120_000 },
  )
}

async function createDatabaseOf({ folder }: InstalledCode): Promise<SystemDatabase> {
  const { url, drop, db } = await createTestDatabase({ poolMax: 1, isMigrated: false })
  await db.destroy()
  await migrateBy(folder, url)
  return { url, drop }
}

async function renderPicture(): Promise<Blob> {
  const create = { width: 300, height: 200, channels: 3, background: 'teal' } as const
  return new Blob([new Uint8Array(await sharp({ create }).png().toBuffer())], { type: 'image/png' })
}
