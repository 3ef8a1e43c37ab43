import { dirname } from 'node:path'
import { type Authority, createAuthority, eventually, findProgram } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ChaosPostgres } from './faults/postgres.ts'
import { appNames } from './system/apps.ts'
import { type System, startSystemWithOwnPostgres } from './system/system.ts'
import { createReminder, createTask, uploadPhoto } from './users/fixtures.ts'

/** The folder above the newest Postgres of Debian's package `postgresql`, which is 15 in Debian 12. */
const programs = findProgram('initdb') && dirname(dirname(findProgram('initdb') as string))
const role = 'muster_app'

describe.skipIf(!programs)('on Debian’s Postgres with TLS (Debian packages postgresql, openssl)', () => {
  let authority: Authority
  let system: System<ChaosPostgres>
  let url: URL

  beforeAll(async () => {
    authority = await createAuthority()
    const server = await authority.issue('postgres', ['DNS:localhost'])
    const client = await authority.issue(role)
    system = await startSystemWithOwnPostgres({
      programs: programs as string,
      settings: { ssl: 'on', ssl_cert_file: server.cert, ssl_key_file: server.key, ssl_ca_file: authority.ca },
      // The superuser of the test may come without TLS; the role of the processes has a certificate instead of a password.
      hba: [`hostssl all ${role} all cert`, 'host all postgres all scram-sha-256'],
    })
    await system.inspector.query(`create role ${role} login`)
    await system.inspector.query(`grant select, insert, update, delete on all tables in schema public to ${role}`)
    await system.inspector.query(`grant usage on all sequences in schema public to ${role}`)
    url = Object.assign(new URL(system.postgres.url), { username: role, password: '', hostname: 'localhost' })
    url.search = `?sslmode=verify-full&sslrootcert=${authority.ca}&sslcert=${client.cert}&sslkey=${client.key}`
  })
  afterAll(async () => {
    await system?.close()
    await authority?.remove()
  })

  test('all processes work as a role with a certificate, over verified TLS alone', async () => {
    for (const name of appNames) await system.start(name, { env: { DATABASE_URL: url.href } })
    const user = await system.registeredUser()
    const taskId = await createTask(user)
    const reminderId = await createReminder(user, taskId, 200)
    const attachmentId = await uploadPhoto(user, taskId)
    const sent = `select from reminders where id = $1 and status = 'sent'`
    await eventually(async () => expect(await system.inspector.query(sent, [reminderId])).toHaveLength(1), {
      timeoutMs: 20_000,
    })
    await system.inspector.waitUntilIdle()
    expect(await system.inspector.auditCounts('task.created', [taskId])).toEqual([1])
    expect(await system.inspector.auditCounts('attachment.optimized', [attachmentId])).toEqual([1])
    expect(system.smtp.mailsTo(user.email)).toHaveLength(3)
    expect(await system.inspector.isAuditChainIntact()).toBe(true)
    const [server] = await system.inspector.query<{ major: number }>(
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    expect(server?.major).toBeGreaterThanOrEqual(15)
    const connections = await system.inspector.query<{ ssl: boolean; client_dn: string }>(
      `select distinct ssl, client_dn from pg_stat_ssl join pg_stat_activity using (pid) where usename = '${role}'`,
    )
    expect(connections).toEqual([{ ssl: true, client_dn: `/CN=${role}` }])
  })

  test.for([
    { what: 'a certificate of an unknown authority', change: { sslrootcert: '' }, reason: 'SELF_SIGNED_CERT_IN_CHAIN' },
    {
      what: 'a certificate of another host',
      change: { hostname: '127.0.0.1' },
      reason: 'ERR_TLS_CERT_ALTNAME_INVALID',
    },
  ])('a process refuses $what and names it', async ({ change, reason }) => {
    const wrong = new URL(url)
    if ('hostname' in change) wrong.hostname = change.hostname as string
    else wrong.searchParams.delete('sslrootcert')
    const { exit, output } = await system.runToExit('reminder-worker', { DATABASE_URL: wrong.href })
    expect(exit.code).toBe(1)
    expect(output).toContain(reason)
  })
})
