import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { readInstallationId } from '@muster/db'
import { createStorage } from '@muster/storage'
import { type S3Server, startS3Server } from '@muster/storage/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventsOf } from '../modules/admin/testing/admin-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'
import { muster } from './testing/cli-fixtures.ts'

let api: TestApp
let server: S3Server
let folder: string
beforeAll(async () => {
  api = await buildTestApp()
  server = await startS3Server()
  folder = await mkdtemp(join(tmpdir(), 'muster-files-'))
})
afterAll(async () => {
  await api.close()
  await server.close()
  await rm(folder, { recursive: true })
})

const run = (args: string, env: Record<string, string> = {}) =>
  muster(api, args, { env: { ...server.env, STORAGE_LOCAL_DIR: folder, ...env } })
const local = () => createStorage({ driver: 'local', localDir: folder })

test('files claim makes this installation the owner, tells who was, and is audited', async () => {
  const id = await readInstallationId(api.db)
  await createStorage(server.config).owner.claim('0b1d3c0e-another')
  const refused = await run('files copy --from local --to s3')
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringMatching(/another installation.*muster files claim/)])
  for (const [args, fault] of [
    ['files claim', 'stop that installation'],
    [`files claim --yes ${id}`, 'the given id is another one'],
  ] as const) {
    const asked = await run(args)
    expect([asked.code, asked.stderr]).toEqual([
      1,
      expect.stringMatching(`0b1d3c0e-another.*no files.*${fault}.*--yes 0b1d3c0e-another`),
    ])
    expect(await createStorage(server.config).owner.read()).toBe('0b1d3c0e-another')
  }
  const claimed = await run('files claim --yes 0b1d3c0e-another')
  expect([claimed.code, claimed.stdout]).toEqual([0, expect.stringContaining('(0b1d3c0e-another)')])
  expect(await createStorage(server.config).owner.read()).toBe(id)
  expect(await eventsOf(api, 'files.claimed', id)).toMatchObject([
    { before: { owner: '0b1d3c0e-another' }, after: { by: 'operator', owner: id } },
  ])
  expect((await run('files claim')).stdout).toContain('belongs to this installation already')
})

test('files copy copies what is missing, verifies it, tells the next step, and skips it the next time', async () => {
  for (const key of ['attachments/1/original', 'avatars/2/3/picture'])
    await local().put(key, Readable.from([Buffer.from(`bytes of ${key}`)]))
  const first = await run('files copy --from local --to s3 --json')
  expect([first.code, JSON.parse(first.stdout)]).toMatchObject([0, { copied: 2, gone: 0, failed: [] }])
  expect(server.objects.get('muster/avatars/2/3/picture')?.bytes.toString()).toBe('bytes of avatars/2/3/picture')
  const again = await run('files copy --from local --to s3', { STORAGE_DRIVER: 'local' })
  expect([again.code, again.stdout]).toEqual([0, expect.stringMatching(/^0 files copied.* 2 there already/)])
  expect(again.stdout).toContain('start all processes with STORAGE_DRIVER=s3 and STORAGE_FALLBACK_DRIVER=local')
  const compared = await run('files compare --from local --to s3')
  expect([compared.code, compared.stdout]).toEqual([0, 'Equal: 2 files, 0 missing, 0 different.\n'])
})

test('files compare names missing and damaged copies, and a copy into a damaged store fails', async () => {
  const stored = server.objects.get('muster/attachments/1/original')
  if (stored) server.objects.set('muster/attachments/1/original', { ...stored, bytes: Buffer.from('damaged') })
  server.objects.delete('muster/avatars/2/3/picture')
  const compared = await run('files compare --from local --to s3')
  expect(compared.code).toBe(1)
  expect(compared.stdout).toMatch(/^Equal: 0 files, 1 missing, 1 different.\n {2}missing: avatars\/2\/3\/picture/)
  server.trouble = { answers: 403, code: 'AccessDenied' }
  const refused = await run('files copy --from local --to s3')
  server.trouble = undefined
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('s3:ListBucket')])
  expect(refused.stderr).not.toContain('S3RVER')
})

test('wrong drivers and missing settings are refused with what to write', async () => {
  const same = await run('files copy --from s3 --to s3')
  const unknown = await run('files copy --from ftp --to s3')
  const unset = await run('files copy --from local --to s3', { S3_BUCKET: '' })
  expect([same.code, same.stderr]).toEqual([2, expect.stringContaining('same store as --from')])
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('local, cloudinary, s3')])
  expect([unset.code, unset.stderr]).toEqual([
    1,
    expect.stringContaining('S3_BUCKET is missing: the s3 driver needs it'),
  ])
  expect(await readFile(join(folder, '.muster-files'), 'utf8')).toBe(`${await readInstallationId(api.db)}\n`)
})
