import { appendFile, cp, mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type S3Server, startS3Server } from '@muster/storage/testing'
import {
  eventually,
  findProgram,
  freePort,
  isLongForm,
  type OwnRedis,
  startOwnRedis,
  startPgBouncer,
} from '@muster/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ChaosPostgres } from '../faults/postgres.ts'
import type { App, Env } from '../system/apps.ts'
import { type Inspector, openInspector } from '../system/inspector.ts'
import { muster, startMuster } from '../system/muster-command.ts'
import { type System, startSystemWithOwnPostgres } from '../system/system.ts'
import { createReminder, createTask } from '../users/fixtures.ts'
import type { User } from '../users/user.ts'
import { type FileTraffic, startFileTraffic } from './file-traffic.ts'

const initdb = findProgram('initdb')
const pgbouncer = findProgram('pgbouncer')
const slow = { timeout: 120_000 }

describe.skipIf(!initdb)('backup and restore on Debian’s Postgres (Debian package postgresql)', () => {
  let system: System<ChaosPostgres>
  let home: string
  let folder: string
  let copyRedis: OwnRedis
  /** The files of the original are in a folder, those of the copy in a bucket. */
  let bucket: S3Server
  let copyEnv: Env
  let copy: Inspector
  let user: User
  let taskId: string
  let traffic: FileTraffic

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'muster-keeping-'))
    folder = join(home, 'backups/one')
    ;[system, copyRedis, bucket] = await Promise.all([
      startSystemWithOwnPostgres({ programs: dirname(dirname(initdb as string)) }),
      startOwnRedis(),
      startS3Server(),
    ])
    await createDatabase('copy')
    await createDatabase('spare')
    copyEnv = {
      DATABASE_URL: urlOf('copy'),
      REDIS_URL: copyRedis.url,
      ...bucket.env,
      STORAGE_DRIVER: 's3',
      STAGING_DIR: join(home, 'staging'),
    }
    const { 'email-worker': mailer } = await system.startAll()
    user = await system.registeredUser()
    taskId = await createTask(user)
    await system.inspector.waitUntilIdle()
    // From now on mails wait: those of the backup must not be sent by the copy before its release.
    await mailer.terminate()
    const reminderId = await createReminder(user, taskId, 200)
    await eventually(async () =>
      expect(
        await system.inspector.query(`select from reminders where id = $1 and status = 'sent'`, [reminderId]),
      ).toHaveLength(1),
    )
    traffic = startFileTraffic(user, taskId)
  }, 120_000)
  afterAll(async () => {
    await copy?.close()
    await system?.close()
    await Promise.all([copyRedis?.stop(), bucket?.close()])
    if (home) await rm(home, { recursive: true, force: true })
  })

  const urlOf = (database: string) => Object.assign(new URL(system.postgres.url), { pathname: database }).href
  const envOfCopy = (changes: Env = {}) => system.env('api', { ...copyEnv, ...changes })
  const storedOf = (attachmentId: string | undefined) =>
    bucket.objects.get(`muster/attachments/${attachmentId}/original`)?.bytes
  const mails = () => system.smtp.mailsTo(user.email)
  async function createDatabase(name: string): Promise<void> {
    const client = new pg.Client({ connectionString: system.postgres.clusterUrl })
    await client.connect()
    await client.query(`create database ${name}`)
    await client.end()
  }

  test(
    'a killed backup leaves nothing that looks complete, and holds deletions for a minute at most',
    slow,
    async () => {
      await eventually(() => expect(traffic.deleted.size).toBeGreaterThan(3))
      const killed = startMuster(['backup', folder], system.env('api'))
      await eventually(async () => expect(await readdir(`${folder}.unfinished`)).toContain('database.dump'), {
        timeoutMs: 30_000,
        intervalMs: 5,
      })
      killed.child.kill('SIGKILL')
      expect((await killed.done).code).toBeNull()
      expect(await stat(folder).catch(() => undefined)).toBeUndefined()
      const restored = await muster(['restore', `${folder}.unfinished`], envOfCopy())
      expect([restored.code, restored.stderr]).toEqual([1, expect.stringMatching(/not complete: it has no manifest/)])
      const next = await muster(['backup', folder], system.env('api'))
      expect([next.code, next.stderr]).toEqual([1, expect.stringContaining('was killed less than a minute ago')])
      const [lease] = await system.inspector.query<{ seconds: number }>(
        'select extract(epoch from backup_until - now())::float8 as seconds from installation',
      )
      expect(lease?.seconds).toBeLessThan(60)
      await system.inspector.query('update installation set backup_until = now()')
    },
  )

  test('a backup under uploads and deletions has every file that its snapshot names', slow, async () => {
    const before = traffic.uploaded.size
    const run = await muster(['backup', folder, '--json'], system.env('api'))
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('rror')])
    expect(traffic.uploaded.size).toBeGreaterThan(before)
    const told = JSON.parse(run.stdout)
    expect(told).toMatchObject({ folder, files: { missingCount: 0 }, auditHead: expect.stringMatching(/^\d+\./) })
    expect(told.files.count).toBeGreaterThan(5)
    process.stdout.write(`backup: ${told.files.count} files, ${told.sizeBytes} bytes in ${told.seconds} s\n`)
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    await traffic.stop()
    const checked = await muster(['restore', folder, '--check'], system.env('api'))
    expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/is whole/)])
    const again = await muster(['backup', folder], system.env('api'))
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('exists already')])
  })

  test.skipIf(!pgbouncer)(
    'behind PgBouncer a backup goes past the pooler, and is refused when no way past it is set',
    slow,
    async () => {
      const pooler = await startPgBouncer(pgbouncer as string, { target: system.postgres.url, poolSize: 2 })
      onTestFinished(() => pooler.stop())
      const pooled = { ...system.env('api'), DATABASE_URL: pooler.url, DATABASE_POOLER: 'transaction' }
      const path = join(home, 'backups/pooled')
      const refused = await muster(['backup', path], pooled)
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/Set DATABASE_DIRECT_URL to Postgres/)])
      expect(await readdir(dirname(path))).toEqual(['one'])
      const run = await muster(['backup', path], { ...pooled, DATABASE_DIRECT_URL: system.postgres.url })
      expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('rror')])
      const checked = await muster(['restore', path, '--check'], pooled)
      expect([checked.code, checked.stdout]).toEqual([0, expect.stringMatching(/is whole/)])
    },
  )

  test('a changed backup is refused by the name of the part, and so is one of a stranger', slow, async () => {
    const [one] = (await readFile(join(folder, 'files.jsonl'), 'utf8')).split('\n')
    const { key } = JSON.parse(one as string) as { key: string }
    const spoil: [part: string, change: (path: string) => Promise<void>][] = [
      [`files/${key}`, (path) => writeFile(path, 'x'.repeat(14))],
      [`files/${key}`, (path) => rm(path)],
      ['database.dump', (path) => truncate(path, 100)],
      ['files.jsonl', (path) => appendFile(path, '\n')],
      ['manifest.json', (path) => appendFile(path, '\n')],
      ['manifest.sig', (path) => rm(path)],
    ]
    for (const [part, change] of isLongForm ? spoil : spoil.filter((_, index) => index % 2 === 0)) {
      const changed = join(home, 'changed')
      await cp(folder, changed, { recursive: true })
      await change(join(changed, part))
      const { code, stderr } = await muster(['restore', changed], envOfCopy())
      expect([code, stderr]).toEqual([1, expect.stringContaining(part)])
      await rm(changed, { recursive: true })
    }
    const stranger = await muster(
      ['restore', folder],
      envOfCopy({ AUDIT_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}` }),
    )
    expect([stranger.code, stranger.stderr]).toEqual([1, expect.stringContaining('does not fit its signature')])
    const unknown = await muster(
      ['restore', folder],
      envOfCopy({ AUDIT_KEYS: `k9:${Buffer.alloc(32, 7).toString('base64')}` }),
    )
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining('signed by the key "k1", which AUDIT_KEYS lacks'),
    ])
    const otherKey = await muster(
      ['restore', folder],
      envOfCopy({ PASSWORD_KEYS: `k1:${Buffer.alloc(32, 8).toString('base64')}` }),
    )
    expect([otherKey.code, otherKey.stderr]).toEqual([
      1,
      expect.stringContaining('PASSWORD_KEYS: the key "k1" is not the one'),
    ])
  })

  test('a restore refuses the database, the files and the Redis of the original', slow, async () => {
    const { DATABASE_URL = '', REDIS_URL = '', STORAGE_LOCAL_DIR = '' } = system.env('api')
    const wrongs: [changes: Env, message: RegExp][] = [
      [{ DATABASE_URL }, /database muster is not empty: it has the data of a Muster/],
      [{ STORAGE_LOCAL_DIR, STORAGE_DRIVER: 'local' }, /belongs to another installation/],
      [{ REDIS_URL }, /belongs to the installation .*, whose jobs the restored copy would run/],
    ]
    for (const [changes, message] of wrongs) {
      const { code, stderr } = await muster(['restore', folder], envOfCopy(changes))
      expect([code, stderr]).toEqual([1, expect.stringMatching(message)])
    }
  })

  let started: App[] = []
  test('a restored copy is whole, held, and knows no session of the original', slow, async () => {
    const run = await muster(['restore', folder, '--json'], envOfCopy())
    expect([run.code, run.stderr]).toEqual([0, expect.not.stringContaining('rror')])
    const told = JSON.parse(run.stdout)
    expect(told).toMatchObject({ audit: { isValid: true }, warnings: [] })
    process.stdout.write(`restore: ${told.files} files in ${told.seconds} s\n`)
    copy = openInspector(urlOf('copy'))
    const again = await muster(['restore', folder], envOfCopy())
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('not empty')])

    // The original goes on meanwhile; this session began after the backup.
    expect((await user.login()).status).toBe(200)
    expect((await user.request('GET', '/users/me')).status).toBe(200)
    const names = ['api', 'email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
    started = await Promise.all(
      names.map(async (name) =>
        system.start(name, { env: copyEnv, ...(name === 'api' && { port: await freePort() }) }),
      ),
    )
    const at = (started[0] as App).url
    expect((await user.request('GET', '/users/me', undefined, { at })).status).toBe(401)
    const [ids] = await copy.query<{ id: string }>('select id from installation')
    const [originals] = await system.inspector.query<{ id: string }>('select id from installation')
    expect(ids?.id).not.toBe(originals?.id)
    const health = (await (await fetch(`${at}/health`)).json()) as object
    expect(health).toMatchObject({ status: 'degraded', isHeld: true })
    for (const { opsUrl, output } of started) {
      expect(await (await fetch(`${opsUrl}/metrics`)).text()).toContain('muster_held 1')
      expect(output()).toContain('restored copy held')
    }

    const rows = await copy.query<{ id: string }>(`select id from attachments where size_bytes > 0`)
    expect(rows.length).toBeGreaterThan(5)
    for (const { id } of rows) expect(storedOf(id)?.toString()).toBe(traffic.uploaded.get(id))
    const verified = await muster(['audit', 'verify'], envOfCopy())
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringContaining('The chain is valid.')])
  })

  test('no mail is sent and no file deleted until the release, and then both', slow, async () => {
    const at = (started[0] as App).url
    const sent = mails().length
    const signedIn = await user.request('POST', '/auth/login', { email: user.email, password: user.password }, { at })
    expect(signedIn.status).toBe(200)
    const [file] = await copy.query<{ id: string }>('select id from attachments where size_bytes > 0 limit 1')
    expect((await user.request('DELETE', `/attachments/${file?.id}`, undefined, { at })).status).toBeLessThan(300)
    const reminderId = await createReminder(user, taskId, 200, at)
    const waiting = async (name: string) =>
      (await copy.query(`select from outbox where name = $1 and published_at is not null`, [name])).length
    await eventually(async () =>
      expect(Math.min(await waiting('delete-files'), await waiting('send-email'))).toBeGreaterThan(0),
    )
    // Longer than a worker needs for a job that does not wait.
    await sleep(2_000)
    expect([mails().length, storedOf(file?.id)]).toEqual([sent, expect.any(Buffer)])
    const stateOfReminder = async () =>
      (
        await copy.query<{ status: string; handed_at: Date | null }>(
          'select status, handed_at from reminders where id = $1',
          [reminderId],
        )
      )[0]
    expect(await stateOfReminder()).toEqual({ status: 'pending', handed_at: null })

    const plan = await muster(['release', '--dry-run', '--json'], envOfCopy())
    expect([plan.code, JSON.parse(plan.stdout)]).toMatchObject([
      0,
      { isReleased: false, jobs: { 'send-email': expect.any(Number) } },
    ])
    expect(mails().length).toBe(sent)
    const released = await muster(['release'], envOfCopy())
    expect([released.code, released.stdout]).toEqual([0, expect.stringMatching(/^The copy is released/)])
    await eventually(() => expect(mails().some(({ subject }) => /remind/i.test(subject))).toBe(true), {
      timeoutMs: 30_000,
    })
    await eventually(() => expect(storedOf(file?.id)).toBeUndefined(), { timeoutMs: 30_000 })
    await eventually(async () => expect(await stateOfReminder()).toMatchObject({ status: 'sent' }), {
      timeoutMs: 30_000,
    })
    for (const { output } of started) await eventually(() => expect(output()).toContain('restored copy released'))
    const again = await muster(['release'], envOfCopy())
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('not held')])
    await copy.waitUntilIdle()
    const events = await copy.query<{ action: string }>(
      `select action from audit_events where action like 'installation.%' order by seq`,
    )
    expect(events.map(({ action }) => action)).toEqual(['installation.restored', 'installation.released'])

    const ofBucket = await muster(['backup', join(home, 'backups/two'), '--json'], envOfCopy())
    const left = (await copy.query('select from attachments where size_bytes > 0')).length
    expect([ofBucket.code, JSON.parse(ofBucket.stdout)]).toMatchObject([0, { files: { count: left, missingCount: 0 } }])
  })
})
