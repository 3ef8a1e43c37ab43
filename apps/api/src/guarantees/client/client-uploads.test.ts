import type { Muster, UploadProgress } from '@muster/client'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { musterOf } from '../../testing/muster-of.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'

let api: TestApp
let muster: Muster
let taskId: string

beforeAll(async () => {
  api = await buildTestApp()
  const base = await api.listen()
  muster = await musterOf(await api.signUp(), base)
  taskId = (await muster.tasks.create({ title: 'With files' })).id
})
afterAll(() => api.close())

const notes = { name: 'notes.txt', data: new Blob(['Water '.repeat(100_000)]) }
const photo = async () => {
  const pixels = { create: { width: 40, height: 30, channels: 3 as const, background: 'green' } }
  return new File([new Uint8Array(await sharp(pixels).png().toBuffer())], 'fern.png')
}
const finish = (id: string, outcome: object) =>
  api.db.updateTable('attachments').set(outcome).where('id', '=', id).execute()

test('an upload tells its progress, and its files can be read in parts', async () => {
  const steps: UploadProgress[] = []
  const upload = muster.attachments.upload(taskId, notes, { onProgress: (step) => steps.push(step) })
  const [file] = await upload.waitUntilReady()
  expect(file).toMatchObject({ filename: 'notes.txt', size: 600_000, status: 'ready' })
  expect(steps[0]).toEqual({ sentBytes: 0, totalBytes: 600_000 })
  expect(steps.at(-1)).toEqual({ sentBytes: 600_000, totalBytes: 600_000 })
  expect(steps.length).toBeGreaterThan(2)
  const part = await muster.attachments.content(file?.id ?? '', { range: 'bytes=0-4' })
  expect([part.status, await part.text()]).toEqual([206, 'Water'])
})

test('waiting for a file ends when it is ready, with the reason when it cannot be, or in time', async () => {
  const upload = muster.attachments.upload(taskId, [await photo(), await photo()])
  const [one, other] = await upload
  expect([one?.status, other?.status]).toEqual(['processing', 'processing'])
  await expect(upload.waitUntilReady({ timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' })
  const waiting = muster.attachments.waitUntilReady(one?.id ?? '')
  await finish(one?.id ?? '', { status: 'ready' })
  expect(await waiting).toMatchObject([{ id: one?.id, status: 'ready' }])
  await finish(other?.id ?? '', { status: 'failed', failure_reason: 'The file is damaged.' })
  await expect(upload.waitUntilReady()).rejects.toMatchObject({
    code: 'ATTACHMENT_FAILED',
    message: 'The file is damaged.',
  })
})

test('an upload ends by its signal, and a refusal names the fault', async () => {
  const slow = muster.attachments.upload(taskId, notes, { onProgress: () => undefined, signal: AbortSignal.abort() })
  await expect(slow).rejects.toMatchObject({ name: 'AbortError' })
  const wrong = { name: 'notes.png', data: new Blob(['no image']) }
  await expect(muster.attachments.upload(taskId, wrong)).rejects.toMatchObject({ status: 415 })
})
