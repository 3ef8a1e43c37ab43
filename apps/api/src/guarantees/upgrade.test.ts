import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { verifyChain } from '@muster/audit'
import { createDb } from '@muster/db'
import { checkKeyRings } from '@muster/keys'
import { issueRefreshToken } from '@muster/security/refresh-token'
import { totpCode } from '@muster/security/totp'
import { createTestDatabase, describeSchema, manualClock } from '@muster/testing'
import { sql } from 'kysely'
import { expect, onTestFinished, test } from 'vitest'
import { login } from '../modules/sign-in/testing/sign-in-fixtures.ts'
import { fromBase32, verify } from '../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp } from '../testing/test-app.ts'
import { baselineRings, baselineVersions, readBaseline } from './testing/baseline.ts'

/** The code with which the app was turned on is used up. */
const afterDumpMs = 60_000
const cli = join(import.meta.dirname, '../../../../packages/db-cli/src/main.ts')

/** Starts an API on the data of an earlier release, changed by a statement and migrated to this one. */
async function upgraded(release: string, change = '') {
  const database = await createTestDatabase({ isMigrated: false })
  const baseline = readBaseline(release)
  // The dump changes settings of its connection, so it gets one of its own.
  const restoring = createDb({ url: database.url, poolMax: 1, applicationName: 'muster-restore' })
  await sql.raw(`${baseline.dump}; set search_path = public; ${change}`).execute(restoring)
  await restoring.destroy()
  await promisify(execFile)(process.execPath, [cli, 'migrate'], { env: { ...process.env, DATABASE_URL: database.url } })
  const clock = manualClock(new Date(Date.parse(baseline.madeAt) + afterDumpMs))
  const api = await buildTestApp({ restored: database, clock })
  onTestFinished(() => api.close())
  const signIn = async (username: string) => {
    const client = api.connect()
    const answer = await login(client, `${username}@example.test`, baseline.password)
    const { challengeToken } = answer.json().data ?? {}
    if (!challengeToken) return { client, answer }
    const code = totpCode(fromBase32(baseline.totpSecret), clock.now())
    return { client, answer: await verify(client, challengeToken, code) }
  }
  return { api, baseline, signIn }
}

test.for(baselineVersions)(
  'the data of %s is complete after the upgrade: users, sessions, tasks, keys, audit log',
  async (release) => {
    const { api, baseline, signIn } = await upgraded(release)
    await checkKeyRings(api.deps, baselineRings)
    const { ok, isComplete, checkedRows } = await verifyChain(api.db, baselineRings.AUDIT_KEYS)
    expect({ ok, isComplete, checkedRows }).toEqual({ ok: true, isComplete: true, checkedRows: baseline.auditHead.seq })

    const { client: ada } = await signIn('ada')
    const { users } = (await ada.inject('GET', '/api/v1/admin/users')).json().data
    const roles = users.map(({ username, role }: { username: string; role: string }) => [username, role])
    expect(Object.fromEntries(roles)).toEqual(baseline.roles)
    expect((await signIn('sita')).answer.json().error.code).toBe('ACCOUNT_INACTIVE')

    const { client: grace, answer } = await signIn('grace')
    expect(answer.statusCode).toBe(200)
    const { tasks } = (await grace.inject('GET', '/api/v1/tasks?limit=50')).json().data
    expect(tasks.length).toBeGreaterThanOrEqual(5)
    const found = (await grace.inject('GET', '/api/v1/tasks?q=final')).json().data.tasks
    expect(found.length).toBe(tasks.length)
  },
)

test.for(baselineVersions)('texts of %s are in NFC after the upgrade, and found in every spelling', async (release) => {
  const nfd = 'Cafe\u0301'
  const { api, signIn } = await upgraded(
    release,
    `update tasks set title = '“${nfd}” ' || title, category = case when id::text < '5' then '${nfd}' else 'Café' end;
     update users set name = '${nfd}'; update tasks set title = 'e\u0301e\u0301' where id = (select min(id::text) from tasks)::uuid`,
  )
  const { client: grace } = await signIn('grace')
  const list = async (query: string) => (await grace.inject('GET', `/api/v1/tasks?limit=50&${query}`)).json().data.tasks
  const all = await list('')
  expect(await list(`category=${encodeURIComponent(nfd)}`)).toHaveLength(all.length)
  expect((await list('q=cafe%20final')).length).toBeGreaterThanOrEqual(all.length - 1)
  expect((await grace.inject('GET', '/api/v1/users/me')).json().data.user.name).toBe('Café')
  // Too short for a title in NFC, so it stays as it is, and is found all the same.
  expect((await list('q=ee')).map(({ title }: { title: string }) => title)).toEqual(['e\u0301e\u0301'])

  // Statements of release 0.5.0, which runs beside this one for a while.
  const { rows } = await sql`
    update tasks set title = 'Quarterly “report”' where id = ${all[0].id}
    returning search @@ regexp_replace(websearch_to_tsquery('simple', 'quart rep')::text, '(''(?:[^'']|'''')+'')', '\\1:*', 'g')::tsquery as found`.execute(
    api.db,
  )
  expect(rows).toEqual([{ found: true }])
})

test.for(baselineVersions)('a session that was open in %s stays open', async (release) => {
  const { api } = await upgraded(release)
  const session = await api.db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['sessions.id', 'seed', 'generation'])
    .where('username', '=', 'grace')
    .executeTakeFirstOrThrow()
  const token = issueRefreshToken(baselineRings.REFRESH_TOKEN_KEYS, session, session.generation)
  const client = api.connect(new Map([['muster_rt', token]]))
  expect((await client.inject('POST', '/api/v1/auth/refresh')).statusCode).toBe(200)
  expect((await client.inject('GET', '/api/v1/users/me')).json().data.user.username).toBe('grace')
})

test.for(baselineVersions)('a database of %s has the schema of a new database after the upgrade', async (release) => {
  const { api } = await upgraded(release)
  const fresh = await createTestDatabase({ poolMax: 1 })
  onTestFinished(() => fresh.drop())
  expect(withoutMonths(await describeSchema(api.db))).toEqual(withoutMonths(await describeSchema(fresh.db)))
})

/** Removes the monthly partitions of the audit log, which depend on the dates of the events. */
const withoutMonths = (lines: readonly string[]) => lines.filter((line) => !/audit_events_\d{4}_\d{2}/.test(line))
