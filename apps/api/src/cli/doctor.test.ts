import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import type { Report } from '@muster/doctor'
import { createAuthority, freePort, type OwnRedis } from '@muster/testing'
import { SMTPServer } from 'smtp-server'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { TestApp } from '../testing/test-app.ts'
import { examineEnvironment } from './doctor.ts'
import { muster, ringText } from './testing/cli-fixtures.ts'
import { type Installation, listening, startInstallation } from './testing/doctor-fixtures.ts'

let installation: Installation
let api: TestApp
let redis: OwnRedis
let folder: string
let well: Installation['well']
let examine: Installation['examine']

beforeAll(async () => {
  installation = await startInstallation()
  ;({ api, redis, folder, well, examine } = installation)
})
afterAll(() => installation.close())

test('a healthy installation has no finding, and each part of it is checked', async () => {
  const { data, isWell } = await examineEnvironment(well)
  const { checks } = data as Report
  expect(checks.filter(({ status }) => status !== 'well')).toEqual([])
  expect(isWell).toBe(true)
  const run = await muster(api, 'doctor', { env: well })
  expect([run.code, run.stderr]).toEqual([0, ''])
  expect(run.stdout).toMatch(/Nothing is wrong in 19 checks/)
})

function smtpPort(server: SMTPServer): Promise<number> {
  server.on('error', () => {})
  onTestFinished(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.server.address() as AddressInfo).port))
  })
}

const other = (port: number) => `postgres://muster:S3cret-Word@127.0.0.1:${port}/muster`
const changed = (parts: Partial<URL>) => Object.assign(new URL(api.deps.config.database.url), parts).href

/** Each fault is real: it lies in the settings, in a service or in the data. The function returns the settings that have it. */
const faults: Record<string, () => Promise<NodeJS.ProcessEnv | undefined> | NodeJS.ProcessEnv> = {
  configuration: () => ({ MAIL_FROM: 'nobody', REFRESH_TOKEN_KEYS: 'S3cret-Word' }),
  'postgres-unreachable': async () => ({ DATABASE_URL: other(await freePort()) }),
  'postgres-silent': async () => ({ DATABASE_URL: other(await listening(createServer(() => {}))) }),
  'postgres-sign-in': () => ({
    DATABASE_URL: changed({ username: 'nobody_here', password: 'S3cret-Word' }),
  }),
  'postgres-no-database': () => ({
    DATABASE_URL: changed({ pathname: '/nowhere' }),
  }),
  'replica-writable': () => ({ DATABASE_REPLICA_URL: api.deps.config.database.url }),
  'redis-unreachable': async () => ({ REDIS_URL: `redis://:S3cret-Word@127.0.0.1:${await freePort()}` }),
  'redis-sign-in': () => ({ REDIS_URL: redis.url.replace('//', '//muster:S3cret-Word@') }),
  'key-ring': () => ({ ENCRYPTION_KEYS: ringText({ k1: 66 }) }),
  folder: async () => {
    await writeFile(join(folder, 'file'), '')
    return { STAGING_DIR: join(folder, 'file', 'staging') }
  },
  'smtp-unreachable': async () => ({ SMTP_URL: `smtp://me:S3cret-Word@127.0.0.1:${await freePort()}` }),
  'smtp-sign-in': async () => {
    const server = new SMTPServer({
      disabledCommands: ['STARTTLS'],
      allowInsecureAuth: true,
      onAuth: ({ password }, _, callback) => callback(new Error(`535 5.7.8 ${password} is wrong`)),
    })
    return { SMTP_URL: `smtp://me:S3cret-Word@127.0.0.1:${await smtpPort(server)}` }
  },
  'smtp-tls': async () => {
    const authority = await createAuthority()
    onTestFinished(() => authority.remove())
    const { cert, key } = await authority.issue('localhost', ['IP:127.0.0.1'])
    const server = new SMTPServer({ secure: true, cert: await readFile(cert), key: await readFile(key) })
    return { SMTP_URL: `smtps://me:S3cret-Word@127.0.0.1:${await smtpPort(server)}` }
  },
  scanner: () => ({ SCAN_COMMAND: 'no-such-scanner --fdpass' }),
  'sign-in-issuer': async () => ({
    GOOGLE_CLIENT_ID: 'id',
    GOOGLE_CLIENT_SECRET: 'S3cret-Word',
    OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
  }),
  'public-url': async () => {
    const server = createHttpServer((_, response) => response.end('<h1>It works</h1>'))
    return { PUBLIC_URL: `http://127.0.0.1:${await listening(server)}` }
  },
}

test.for(Object.entries(faults))('%s is found in the settings or services, and nothing else', async ([id, inject]) => {
  const startMs = performance.now()
  const found = await examine(await inject())
  expect(new Set(found)).toEqual(new Set([id]))
  expect(performance.now() - startMs).toBeLessThan(10_000)
})

test('a PUBLIC_URL without an address, without a server, without TLS and with a wrong certificate are told apart', async () => {
  const whatOf = async (publicUrl: string) => {
    const found = await installation.findings({ PUBLIC_URL: publicUrl })
    return found.map(({ id, what }) => `${id}: ${what}`)
  }
  const plain = await listening(createHttpServer((_, response) => response.end()))
  const authority = await createAuthority()
  onTestFinished(() => authority.remove())
  const { cert, key } = await authority.issue('localhost', ['IP:127.0.0.1'])
  const tls = createHttpsServer({ cert: await readFile(cert), key: await readFile(key) }, (_, reply) => reply.end())
  expect(await whatOf('https://muster.invalid')).toEqual([
    expect.stringMatching(/^public-url: .*muster.invalid.* no address/),
  ])
  expect(await whatOf(`https://127.0.0.1:${await freePort()}`)).toEqual([
    expect.stringMatching(/^public-url: Nothing listens/),
  ])
  expect(await whatOf(`https://127.0.0.1:${plain}`)).toEqual([
    expect.stringMatching(/^public-url-tls: .* speaks no TLS/),
  ])
  expect(await whatOf(`https://127.0.0.1:${await listening(tls)}`)).toEqual([
    expect.stringMatching(/^public-url-tls: The certificate/),
  ])
})

test('in the container of one process, settings of others are no fault unless they are asked for', async () => {
  const env = { ...well, SMTP_URL: '', MAIL_FROM: '' }
  const run = await muster(api, 'doctor --json', { env })
  const report = JSON.parse(run.stdout) as Report
  expect([run.code, report.isWell]).toEqual([0, true])
  expect(report.checks.find(({ name }) => name === 'configuration')).toMatchObject({
    status: 'unchecked',
    reason: expect.stringMatching(/email-worker \(none of SMTP_URL, MAIL_FROM\)/),
  })
  const asked = await muster(api, 'doctor --process api,email-worker', { env })
  expect([asked.code, asked.stdout]).toEqual([
    1,
    expect.stringMatching(/error: configuration\n {2}SMTP_URL is missing/),
  ])
  const unknown = await muster(api, 'doctor --process web', { env })
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('--process takes some of api')])
})
