import { manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accessTokenTtlMs } from '../modules/sessions/access-tokens.ts'
import { make } from '../modules/tasks/tasks-fixtures.ts'
import { buildTestApp, type TestApp, type TestPerson } from '../testing.ts'

const clock = manualClock()
let api: TestApp
let admin: TestPerson
let owner: TestPerson
let addresses: string[]

beforeAll(async () => {
  api = await buildTestApp({ clock })
  admin = await api.signUp({ role: 'super_admin' })
  owner = await api.signUp()
  addresses = await addressesOf()
})
afterAll(() => api.close())

/** Every address of a GET, with things of the owner in it. */
async function addressesOf(): Promise<string[]> {
  const task = await make(owner)
  const document = (await api.connect().inject('GET', '/openapi.json')).json() as { paths: Record<string, object> }
  const { paths } = document
  const documented = Object.keys(paths).filter((path) => 'get' in (paths[path] ?? {}))
  return [...documented, '/docs/', '/docs/js/scalar.js', '/openapi.json', '/api/v1/admin/queues/board/'].map((path) =>
    path
      .replace('/tasks/{id}', `/tasks/${task.id}`)
      .replace('/users/{id}', `/users/${owner.userId}`)
      .replace('{name}', 'email')
      .replace(/\{\w+\}/, '01990000-0000-7000-8000-000000000000'),
  )
}

/** A digest of all that stands in the database, but for who was denied what: like a line of a log, that is no effect. */
async function fingerprint(): Promise<string> {
  const { rows: tables } = await sql<{ name: string }>`
    select relname as name from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`.execute(api.db)
  const each = tables.map(
    ({ name }) => sql`
      select ${name}::text as name, count(*)::int as rows, sum(hashtextextended(t::text, 0))::text as digest
      from ${sql.table(name)} t where ${name === 'audit_pending' ? sql`action <> 'access.denied'` : sql`true`}`,
  )
  const { rows } = await sql`${sql.join(each, sql` union all `)}`.execute(api.db)
  return JSON.stringify(rows)
}

test('HEAD of no route writes to the database or sets a cookie, whoever asks', async () => {
  expect(addresses.length).toBeGreaterThan(35)
  const surprises: string[] = []
  for (const caller of [admin, owner, api.connect()]) {
    for (const url of addresses) {
      const before = await fingerprint()
      const answer = await caller.inject('HEAD', url)
      if (answer.cookies.length > 0 || answer.body !== '' || answer.statusCode >= 500) surprises.push(`${url} answers`)
      if ((await fingerprint()) !== before) surprises.push(`${url} writes`)
    }
  }
  expect(surprises).toEqual([])
})

test('GET of a route that answers HEAD writes nothing either, but that somebody was there', async () => {
  const surprises: string[] = []
  for (const caller of [admin, owner]) {
    for (const url of addresses) {
      if ((await caller.inject('HEAD', url)).statusCode === 405) continue
      const before = await fingerprint()
      await caller.inject('GET', url)
      if ((await fingerprint()) !== before) surprises.push(url)
    }
  }
  expect(surprises).toEqual([])
})

describe('with an access token that ran out', () => {
  const rotations = ({ sessionId }: TestPerson) =>
    api.db
      .selectFrom('sessions')
      .select(['generation', 'successor_seen', 'last_used_at', 'revoked_at'])
      .where('id', '=', sessionId)
      .executeTakeFirstOrThrow()

  test('HEAD reads who holds the refresh token, and leaves the session as it is', async () => {
    const person = await api.signUp()
    clock.advance(accessTokenTtlMs)
    const before = await rotations(person)
    const answer = await person.inject('HEAD', '/api/v1/users/me')
    expect([answer.statusCode, answer.cookies]).toEqual([200, []])
    expect(await rotations(person)).toEqual(before)
    expect((await person.inject('GET', '/api/v1/users/me')).cookies).toHaveLength(2)
    expect(await rotations(person)).toMatchObject({ generation: 1 })
  })

  test('HEAD refuses a refresh token that was left behind, and ends nothing', async () => {
    const person = await api.signUp()
    const copy = api.connect(new Map(person.cookies))
    for (let times = 0; times < 2; times++) {
      clock.advance(accessTokenTtlMs)
      await person.inject('GET', '/api/v1/users/me')
    }
    const answer = await copy.inject('HEAD', '/api/v1/users/me')
    expect([answer.statusCode, answer.cookies]).toEqual([401, []])
    expect(await rotations(person)).toMatchObject({ revoked_at: null })
  })

  test.each(['x', 'muster_rt', ''])('HEAD refuses %j as a refresh token', async (token) => {
    const client = api.connect(new Map([['muster_rt', token]]))
    expect((await client.inject('HEAD', '/api/v1/users/me')).statusCode).toBe(401)
  })
})
