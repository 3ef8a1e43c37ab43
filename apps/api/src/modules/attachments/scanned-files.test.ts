import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { attachTo, makeTask } from './testing/upload-fixtures.ts'

let api: TestApp
beforeAll(async () => {
  api = await buildTestApp({ config: { scansFiles: true } })
  await api.listen()
})
afterAll(() => api.close())

test('with a scanner, a document is processing and not served until the image worker has scanned it', async () => {
  const user = await api.signUp()
  const file = await attachTo({ user, task: await makeTask(user) }, 'a.txt', 'text')
  expect(file).toMatchObject({ status: 'processing', url: null })
  expect((await user.inject('GET', `/api/v1/attachments/${file.id}/content`)).statusCode).toBe(409)
  const jobs = await api.db
    .selectFrom('outbox')
    .select(['queue', 'name', 'payload'])
    .where('queue', '=', 'image')
    .execute()
  expect(jobs).toEqual([{ queue: 'image', name: 'scan-file', payload: { attachmentId: file.id } }])
})
