import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readInstallationId } from '@muster/db'
import type { Finding, Report } from '@muster/doctor'
import { checkKeyRings } from '@muster/keys'
import { createStorage } from '@muster/storage'
import { inboxSmtpUrl, type OwnRedis, startOwnRedis } from '@muster/testing'
import { expect, onTestFinished } from 'vitest'
import { ringsOf } from '../../config.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { testEnvironment } from '../../testing/test-environment.ts'
import { examineEnvironment } from '../doctor.ts'

/** An installation in which nothing is wrong: an API, a Redis of its own, and a folder for its files. */
export type Installation = {
  api: TestApp
  redis: OwnRedis
  folder: string
  /** The settings of all of its processes. */
  well: Record<string, string>
  /** Examines it with other settings. The report must contain no secret. */
  findings(env?: NodeJS.ProcessEnv): Promise<Finding[]>
  /** As {@link findings}, by their ids. */
  examine(env?: NodeJS.ProcessEnv): Promise<string[]>
  close(): Promise<void>
}

const secrets = [
  'S3cret-Word',
  'S3cret%2DWord',
  ...[1, 2, 3, 4, 5, 6, 7].map((fill) => Buffer.alloc(32, fill).toString('base64')),
]

/** Starts an installation in which nothing is wrong. */
export async function startInstallation(): Promise<Installation> {
  const [api, redis, folder] = await Promise.all([
    buildTestApp(),
    startOwnRedis({ 'maxmemory-policy': 'noeviction' }),
    mkdtemp(join(tmpdir(), 'muster-doctor-')),
  ])
  await checkKeyRings(api.deps, ringsOf(api.deps.config))
  const id = await readInstallationId(api.db)
  await redis.client.set('muster:installation', id)
  await createStorage({ driver: 'local', localDir: join(folder, 'files') }).owner.claim(id)
  const well = {
    ...testEnvironment({ databaseUrl: api.deps.config.database.url, redisUrl: redis.url, folder }),
    SMTP_URL: inboxSmtpUrl(),
    MAIL_FROM: 'Muster <no-reply@muster.test>',
    PUBLIC_URL: await api.listen(),
  } as Record<string, string>
  const findings = async (env: NodeJS.ProcessEnv = {}) => {
    const report = (await examineEnvironment({ ...well, ...env })).data as Report
    const text = JSON.stringify(report)
    for (const secret of secrets) expect(text).not.toContain(secret)
    const found = report.checks.flatMap((check) => check.findings)
    for (const { what, remedy } of found)
      expect([what, remedy]).toEqual([expect.stringMatching(/\.$/), expect.stringMatching(/\w{3}/)])
    return found
  }
  return {
    ...{ api, redis, folder, well, findings },
    examine: async (env) => (await findings(env)).map(({ id }) => id),
    async close() {
      await api.close()
      await redis.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Lets a server listen on a free port until the test ends. @returns the port */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}
