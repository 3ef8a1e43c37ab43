import { randomBytes } from 'node:crypto'
import { newId } from '@muster/db'
import { createTransact, type Transact } from '@muster/jobs/outbox'
import { createTestDatabase, type TestDatabase } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { insertMail } from './insert-mail.ts'
import { isMailCode, mailCode } from './mail-code.ts'

let database: TestDatabase
let transact: Transact

beforeAll(async () => {
  database = await createTestDatabase()
  transact = createTransact({ db: database.db, relay: { nudge() {}, hintAudit() {} } })
})

afterAll(() => database.drop())

const rowsOf = async (emailId: string) => ({
  mail: await database.db.selectFrom('email_messages').selectAll().where('id', '=', emailId).executeTakeFirst(),
  jobs: (await database.db.selectFrom('outbox').selectAll().execute()).filter(
    ({ payload }) => JSON.stringify(payload) === JSON.stringify({ emailId }),
  ),
})

test('a mail and the job that sends it commit together', async () => {
  const emailId = await transact((tx) =>
    insertMail(tx, { template: 'welcome', to: ' Ada@Example.com ', data: { name: 'Ada' } }),
  )
  const { mail, jobs } = await rowsOf(emailId)
  expect(mail).toMatchObject({
    to_address: 'ada@example.com',
    status: 'queued',
    attempts: 0,
    data: { name: 'Ada' },
    expires_at: null,
  })
  expect(jobs).toMatchObject([{ queue: 'email', name: 'send-email' }])
})

test('neither exists when the transaction fails', async () => {
  let emailId = ''
  const failing = transact(async (tx) => {
    emailId = await insertMail(tx, { template: 'welcome', to: 'ada@example.com', data: { name: 'Ada' } })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await rowsOf(emailId)).toEqual({ mail: undefined, jobs: [] })
})

test('a mail with a code expires with it and stores neither code nor key', async () => {
  const emailId = await transact((tx) =>
    insertMail(tx, { template: 'register-code', to: 'ada@example.com', data: { name: 'Ada' } }),
  )
  const { mail } = await rowsOf(emailId)
  expect((mail?.expires_at?.getTime() ?? 0) - (mail?.created_at.getTime() ?? 0)).toBe(300_000)
  expect(mail).toMatchObject({ data: { name: 'Ada' }, code_version: 1, code_key_id: null })
})

test('data that the template does not fit is refused before anything is written', async () => {
  const wrong = transact((tx) => insertMail(tx, { template: 'welcome', to: 'ada@example.com', data: { name: '' } }))
  await expect(wrong).rejects.toThrow()
})

test('a code is right for its own mail and version only, and outlives the rotation of its key', () => {
  const [first, second] = [randomBytes(32), randomBytes(32)]
  const before = { currentId: 'k1', keys: new Map([['k1', first]]) }
  const after = {
    currentId: 'k2',
    keys: new Map([
      ['k2', second],
      ['k1', first],
    ]),
  }
  const mail = { template: 'register-code', emailId: newId() } as const
  const code = mailCode(before, mail)
  expect(code).toMatch(/^\d{6}$/)
  expect(isMailCode(before, mail, code)).toBe(true)
  expect(isMailCode(after, mail, code)).toBe(true)
  expect(mailCode(after, { ...mail, keyId: 'k1' })).toBe(code)
  const others = [
    { ...mail, emailId: newId() },
    { ...mail, version: 2 },
    { ...mail, keyId: 'k2' },
  ].map((other) => isMailCode(after, other, code))
  // One in a million each by chance.
  expect(others).toEqual([false, false, false])
  for (const given of ['', '12345', `${code}0`, 'abcdef']) expect(isMailCode(before, mail, given)).toBe(false)
})
