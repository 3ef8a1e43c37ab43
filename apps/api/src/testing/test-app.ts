import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, newId } from '@muster/db'
import { createLogger } from '@muster/logger'
import type { Role } from '@muster/policy'
import {
  createTestDatabase,
  createTestRedis,
  eventually,
  type TestDatabase,
  type TestDatabaseOptions,
} from '@muster/testing'
import fastify, { type LightMyRequestResponse } from 'fastify'
import { buildApp } from '../app.ts'
import { type Config, readConfig } from '../config.ts'
import { createDeps, type Deps } from '../deps.ts'
import { createAccessTokens } from '../modules/sessions/access-tokens.ts'
import { openSession } from '../modules/sessions/open-session.ts'
import { testEnvironment } from './test-environment.ts'
import { watchDocumentation } from './watch-documentation.ts'

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
type Headers = Record<string, string>

/** A client of the app under test, with its own cookie jar. */
export type TestClient = {
  cookies: Map<string, string>
  /** Sends a request without a connection. A body that is no text or Buffer becomes JSON. `url` has `/api/v1`. */
  inject(method: Method, url: string, body?: unknown, headers?: Headers): Promise<LightMyRequestResponse>
  /** Sends a request over a real connection, with the same cookies; the app must listen. An absolute URL of the API is sent to it too. */
  fetch(url: string, init?: RequestInit): Promise<Response>
}

export type TestUser = TestClient & {
  userId: string
  organizationId: string | null
  sessionId: string
  email: string
}

export type SignUpOptions = {
  role?: Role
  /** The organization to join; by default the user gets a personal one, except with a platform role. */
  organizationId?: string
  timezone?: string
}

export type TestApp = Awaited<ReturnType<typeof buildTestApp>>

/** On a busy machine a healthy Redis may respond later than the 150 ms of production, and would count as unavailable. */
const redisPatienceMs = 5_000

/**
 * Builds the API on its own database, Redis and folders. No worker runs. An answer that the OpenAPI document does not describe
 * fails the request of the client, or `close`.
 * @param options.config overrides settings; rate limits are multiplied by 1000 by default
 * @param options.onLog receives each line of the log, from `config.logLevel` on
 */
export async function buildTestApp(
  options: {
    clock?: Clock
    config?: Partial<Config>
    onLog?: (line: Record<string, unknown>) => void
    database?: TestDatabaseOptions
    /** An existing database, which `close` drops. */
    restored?: TestDatabase
  } = {},
) {
  const [database, redis, folder] = await Promise.all([
    options.restored ?? createTestDatabase(options.database),
    createTestRedis(),
    mkdtemp(join(tmpdir(), 'muster-api-')),
  ])
  const env = testEnvironment({ databaseUrl: database.url, redisUrl: redis.url, folder })
  const config: Config = {
    ...readConfig(env),
    redisPatienceMs,
    ...options.config,
  }
  const { onLog } = options
  const log = createLogger({
    name: 'api',
    level: config.logLevel,
    ...(onLog && { destination: { write: (line) => onLog(JSON.parse(line)) } }),
  })
  const { close: closeDeps, ...deps } = createDeps(config, log, options.clock, env)
  const documentation = watchDocumentation()
  const app = await buildApp(deps, documentation.plugin)
  await app.ready()
  // Before the first poll of revocations, signed-in requests are answered 503.
  await eventually(() => {
    if (!deps.revocations.isFresh()) throw new Error('Revocations were not read in time.')
  })

  const connect = (cookies = new Map<string, string>()) => createClient(app, cookies, documentation.assert)
  return {
    app,
    deps,
    db: database.db,
    redis: redis.client,
    /** Folder of the local storage driver, unless `options.config` has another one. */
    storageDir: join(folder, 'files'),
    /** Returns a client that is not signed in. */
    connect,
    /** Creates a user with an open session, without registration and password. */
    signUp: (person: SignUpOptions = {}) => signUp(deps, connect, person),
    /** Listens on a free port. @returns the base URL */
    listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
    async close() {
      await app.close()
      await closeDeps()
      await Promise.all([database.drop(), redis.close(), rm(folder, { recursive: true, force: true })])
      documentation.assert()
    },
  }
}

/** Creates a client of an app, with these cookies. */
export function createClient(
  app: Awaited<ReturnType<typeof buildApp>>,
  cookies: Map<string, string>,
  assertDocumented: () => void,
): TestClient {
  const cookieHeader = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const keep = (name: string, value: string) => (value === '' ? cookies.delete(name) : cookies.set(name, value))
  return {
    cookies,
    async inject(method, url, body, headers) {
      const isRaw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body)
      const response = await app.inject({
        method,
        url,
        headers: {
          ...(cookies.size > 0 && { cookie: cookieHeader() }),
          ...(!isRaw && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { payload: isRaw ? body : JSON.stringify(body) }),
      })
      for (const { name, value } of response.cookies) keep(name, value)
      assertDocumented()
      return response
    },
    async fetch(url, init = {}) {
      const address = app.server.address()
      if (!address || typeof address === 'string') throw new Error('The app does not listen.')
      const headers = new Headers(init.headers)
      if (cookies.size > 0) headers.set('cookie', cookieHeader())
      const { pathname, search } = new URL(url, 'http://localhost')
      const response = await fetch(`http://127.0.0.1:${address.port}${pathname}${search}`, { ...init, headers })
      for (const line of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        keep(name, value)
      }
      assertDocumented()
      return response
    },
  }
}

async function signUp(
  deps: Deps,
  connect: (cookies: Map<string, string>) => TestClient,
  { role = 'client_admin', organizationId, timezone = 'UTC' }: SignUpOptions,
): Promise<TestUser> {
  const { config, clock } = deps
  const id = newId()
  const username = `user_${id.replaceAll('-', '').slice(-20)}`
  const email = `${username}@example.test`
  const isClient = role === 'client_admin' || role === 'client_user'
  const ownOrganizationId = isClient ? (organizationId ?? newId()) : null
  const signer = fastify()
  const issuer = config.publicUrl.origin
  const accessTokens = await createAccessTokens(signer, { keys: config.keys.accessToken, issuer, clock })
  const grant = await deps.transact(async (tx) => {
    const { trx } = tx
    if (ownOrganizationId && !organizationId) {
      const organization = { id: ownOrganizationId, name: `${username}’s`, is_personal: true }
      await trx.insertInto('organizations').values(organization).execute()
    }
    const user = { id, username, name: username, email, role, organization_id: ownOrganizationId, timezone }
    await trx.insertInto('users').values(user).execute()
    const person = { id, role, organizationId: ownOrganizationId }
    const origin = { ip: '127.0.0.1', requestId: 'test' }
    return openSession({ ...deps, accessTokens }, tx, person, { rememberMe: false, origin })
  })
  await signer.close()
  const prefix = config.cookies.isSecure ? '__Host-' : ''
  const client = connect(
    new Map([
      [`${prefix}muster_at`, grant.accessToken],
      [`${prefix}muster_rt`, grant.refreshToken],
    ]),
  )
  return { ...client, userId: id, organizationId: ownOrganizationId, sessionId: grant.actor.sessionId, email }
}

/** Waits until the app knows the latest revocations. On a busy machine a late poll makes it refuse requests for a moment. */
export const untilRevocationsAreFresh = ({ deps }: { deps: Pick<Deps, 'revocations'> }): Promise<void> =>
  eventually(() => {
    if (!deps.revocations.isFresh()) throw new Error('The poll of the revocations is late.')
  })
