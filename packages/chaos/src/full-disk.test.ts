import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, mountDisk, type SmallDisk } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ChaosPostgres } from './faults/postgres.ts'
import type { App } from './system/apps.ts'
import { type System, startSystemWithOwnPostgres } from './system/system.ts'
import { createTask, entityOf, newTaskBody, uploadPhoto } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System<ChaosPostgres>
let home: string
let disks: Record<'staging' | 'files' | 'temporary' | 'postgres', SmallDisk> | undefined
let api: App
let user: User
let taskId: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'muster-disk-'))
  const mounted = await Promise.all(
    ['staging', 'files', 'temporary', 'postgres'].map((name) => mountDisk(home, name, 64)),
  )
  const [staging, files, temporary, postgres] = mounted
  if (!staging || !files || !temporary || !postgres) return
  disks = { staging, files, temporary, postgres }
  system = await startSystemWithOwnPostgres()
  const env = { STAGING_DIR: join(staging.path, 'uploads'), STORAGE_LOCAL_DIR: join(files.path, 'stored') }
  ;[api] = await Promise.all([
    system.start('api', { env }),
    system.start('email-worker'),
    system.start('image-worker', { env: { ...env, TMPDIR: temporary.path } }),
  ])
  user = await system.registeredUser()
  taskId = await createTask(user)
}, 120_000)
afterAll(async () => {
  await system?.close()
  for (const disk of Object.values(disks ?? {})) await disk.unmount()
  await rm(home, { recursive: true, force: true })
})

/** Moves the table of tasks to a disk of its own, so that this disk can be full without the one of the log of Postgres. */
async function moveTasksTo({ path }: SmallDisk): Promise<void> {
  const [found] = await system.inspector.query<{ data_directory: string }>('show data_directory')
  const { uid, gid } = await stat(found?.data_directory ?? '')
  await chmod(home, 0o755)
  await chown(path, uid, gid)
  await system.inspector.query(`create tablespace small location '${path}'`)
  await system.inspector.query('alter table tasks set tablespace small')
}

async function upload(bytes = 600_000) {
  const form = new FormData()
  form.append('files', new Blob(['x'.repeat(bytes)]), 'notes.txt')
  return user.request('POST', `/tasks/${taskId}/attachments`, form)
}
const attachments = async () => {
  const { body } = await user.request('GET', `/tasks/${taskId}/attachments`)
  return (body as { data: { attachments: { id: string; status: string }[] } }).data.attachments
}

for (const name of ['staging', 'files'] as const) {
  test(`with a full disk of ${name}, uploads are 503 and leave nothing, until there is space again`, async (context) => {
    if (!disks) return context.skip('left out: this machine mounts no tmpfs (needs root)')
    const before = (await attachments()).length
    await disks[name].fill()
    const refused = await upload()
    expect([refused.status, refused.body]).toMatchObject([503, { error: { code: 'DEPENDENCY_UNAVAILABLE' } }])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await attachments()).length).toBe(before)
    await eventually(async () => expect(await readdir(join(disks?.staging.path ?? '', 'uploads'))).toEqual([]))
    expect(api.isRunning()).toBe(true)

    await disks[name].empty()
    expect((await upload()).status).toBe(201)
    expect((await attachments()).length).toBe(before + 1)
  })
}

test('with a full TMPDIR of the image worker images wait, and are processed when there is space', async (context) => {
  if (!disks) return context.skip('left out: this machine mounts no tmpfs (needs root)')
  await disks.temporary.fill()
  const id = await uploadPhoto(user, taskId)
  await eventually(() => expect(system.output()).toContain('worker machine fault, jobs wait until it is fixed'), {
    timeoutMs: 30_000,
  })
  expect((await attachments()).find((file) => file.id === id)?.status).toBe('processing')
  await disks.temporary.empty()
  await eventually(async () => expect((await attachments()).find((file) => file.id === id)?.status).toBe('ready'), {
    timeoutMs: 60_000,
  })
}, 120_000)

test('with a full disk of Postgres, changes are 503 and none that was acknowledged is lost', async (context) => {
  if (!disks) return context.skip('left out: this machine mounts no tmpfs (needs root)')
  await moveTasksTo(disks.postgres)
  const acknowledged: string[] = []
  const create = async () => {
    const body = { ...newTaskBody(), description: randomBytes(480).toString('hex') }
    const answer = await user.request('POST', '/tasks', body)
    if (answer.status === 201) acknowledged.push(entityOf(answer, 'task').id)
    return answer
  }
  expect((await create()).status).toBe(201)
  await disks.postgres.fill()
  await eventually(async () => expect((await create()).status).toBe(503), { timeoutMs: 60_000, intervalMs: 0 })
  const refused = await create()
  expect(refused.body).toMatchObject({ error: { code: 'DEPENDENCY_UNAVAILABLE' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await user.request('GET', '/tasks')).status).toBe(200)

  await disks.postgres.empty()
  await eventually(async () => expect((await create()).status).toBe(201), { timeoutMs: 30_000 })
  const ids = acknowledged.map((id) => `'${id}'`).join()
  expect(await system.inspector.query(`select id from tasks where id in (${ids})`)).toHaveLength(acknowledged.length)
  expect(api.isRunning()).toBe(true)
}, 120_000)
