import { readdir } from 'node:fs/promises'
import { eventually } from '@muster/testing'
import { expect } from 'vitest'
import { dataOf } from '../../../testing/succeeded.ts'
import type { TestApp, TestUser } from '../../../testing/test-app.ts'

export type Files = Record<string, Uint8Array | string> | [string, Uint8Array | string][]
type Target = { user: TestUser; task: string; field?: string }

export type Attachment = {
  id: string
  filename: string
  contentType: string
  size: number
  status: string
  url: string | null
}
type Reply = {
  message: string
  data: { attachments: Attachment[] }
  error: { code: string; details?: { path: string; message: string }[] }
}

export const makeTask = async (user: TestUser, fields: object = {}): Promise<string> => {
  const body = { title: 'With files', dueDate: '2099-01-01T00:00:00.000Z', ...fields }
  return dataOf(await user.inject('POST', '/api/v1/tasks', body)).task.id
}

export const formOf = (files: Files, field = 'files') => {
  const form = new FormData()
  for (const [name, bytes] of Array.isArray(files) ? files : Object.entries(files)) {
    form.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>]), name)
  }
  return form
}
export const pathOf = (task: string) => `/api/v1/tasks/${task}/attachments`
/** Sends the files over a real connection. */
export const uploadTo = async ({ user, task, field }: Target, files: Files) => {
  const response = await user.fetch(pathOf(task), { method: 'POST', body: formOf(files, field) })
  return { status: response.status, headers: response.headers, body: (await response.json()) as Reply }
}
/** Uploads one file. @returns its attachment */
export const attachTo = async (target: Target, name: string, bytes: Uint8Array | string): Promise<Attachment> => {
  const { status, body } = await uploadTo(target, { [name]: bytes })
  expect(status, JSON.stringify(body)).toBe(201)
  return body.data.attachments[0] as Attachment
}

/** Lists every file of the API, in the storage (also of uploads that broke off) and in the staging area. */
export const filesOf = async (app: TestApp) => ({
  stored: (await Array.fromAsync(app.deps.storage.list(''))).map(({ key }) => key).sort(),
  staged: await readdir(app.deps.config.stagingDir).catch(() => []),
})
/** Lists the files and counts the rows and jobs. */
export const stateOf = async (app: TestApp) => ({
  ...(await filesOf(app)),
  rows: (await app.db.selectFrom('attachments').select('id').execute()).length,
  jobs: (await app.db.selectFrom('outbox').select('id').execute()).length,
})
/** Runs `work` and waits until it has left no row, no job and no byte. */
export const withoutTrace = async <T>(app: TestApp, work: () => Promise<T>): Promise<T> => {
  const before = await stateOf(app)
  const result = await work()
  await eventually(async () => expect(await stateOf(app)).toEqual(before))
  return result
}
