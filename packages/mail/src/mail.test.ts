import { randomBytes } from 'node:crypto'
import { newId } from '@muster/db'
import { createTransact, noPublisher, type Transact } from '@muster/jobs/outbox'
import { createTestDatabase, type TestDatabase } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { insertMail } from './insert-mail.ts'
import { isMailCode, mailCode } from './mail-code.ts'
import { emailIdOfToken, isMailToken, mailToken } from './mail-token.ts'

let database: TestDatabase
let transact: Transact

beforeAll(async () => {
  database = await createTestDatabase()
  transact = createTransact({ db: database.db, publisher: noPublisher })
})

afterAll(() => database.drop())

const [first, second] = [randomBytes(32), randomBytes(32)]
const before = { currentId: 'k1', keys: new Map([['k1', first]]) }
/** The ring after a rotation. */
const after = { currentId: 'k2', keys: new Map([...before.keys, ['k2', second]]) }

const rowsOf = async (emailId: string) => ({
  mail: await database.db.selectFrom('email_messages').selectAll().where('id', '=', emailId).executeTakeFirst(),
  jobs: (await database.db.selectFrom('outbox').selectAll().execute()).filter(
    ({ payload }) => JSON.stringify(payload) === JSON.stringify({ emailId }),
  ),
})

test('a mail and the job that sends it commit together', async () => {
  const emailId = await transact((tx) =>
    insertMail(tx, { template: 'welcome', to: 'Ada@Example.com', data: { name: 'Ada' } }),
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

test('a failed transaction leaves neither the mail nor its job', async () => {
  let emailId = ''
  const failing = transact(async (tx) => {
    emailId = await insertMail(tx, { template: 'welcome', to: 'ada@example.com', data: { name: 'Ada' } })
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  expect(await rowsOf(emailId)).toEqual({ mail: undefined, jobs: [] })
})

test('a mail with a token expires with it and stores neither token nor key', async () => {
  const emailId = await transact((tx) =>
    insertMail(tx, { template: 'password-reset', to: 'ada@example.com', data: { name: 'Ada' } }),
  )
  const { mail } = await rowsOf(emailId)
  expect((mail?.expires_at?.getTime() ?? 0) - (mail?.created_at.getTime() ?? 0)).toBe(3_600_000)
  expect(mail).toMatchObject({ data: { name: 'Ada' }, code_version: 1, code_key_id: null })
})

test('a mail with a code expires with it and stores neither code nor key', async () => {
  const emailId = await transact((tx) =>
    insertMail(tx, { template: 'register-code', to: 'ada@example.com', data: { name: 'Ada' } }),
  )
  const { mail } = await rowsOf(emailId)
  expect((mail?.expires_at?.getTime() ?? 0) - (mail?.created_at.getTime() ?? 0)).toBe(300_000)
  expect(mail).toMatchObject({ data: { name: 'Ada' }, code_version: 1, code_key_id: null })
})

test('data that does not match the template is refused before a row is written', async () => {
  const wrong = transact((tx) => insertMail(tx, { template: 'welcome', to: 'ada@example.com', data: { name: '' } }))
  await expect(wrong).rejects.toThrow()
})

describe('a code', () => {
  const mail = { template: 'register-code', emailId: newId() } as const
  const code = mailCode(before, mail)

  test('is valid only for its mail and version, also after the rotation of its key', () => {
    expect(code).toMatch(/^\d{6}$/)
    expect(isMailCode(before, mail, code)).toBe(true)
    expect(isMailCode(after, mail, code)).toBe(true)
    expect(mailCode(after, { ...mail, keyId: 'k1' })).toBe(code)
    const others = [
      { ...mail, emailId: newId() },
      { ...mail, version: 2 },
      { ...mail, keyId: 'k2' },
    ].map((other) => isMailCode(after, other, code))
    // Each could match by chance, once in a million.
    expect(others).toEqual([false, false, false])
  })

  test('is refused when it is malformed', () => {
    for (const given of ['', '12345', `${code}0`, 'abcdef']) expect(isMailCode(before, mail, given)).toBe(false)
  })
})

describe('a token', () => {
  const mail = { template: 'password-reset', emailId: newId() } as const
  const token = mailToken(before, mail)

  test('contains the id of its mail and 256 bits that are the same each time', () => {
    expect(token).toMatch(/^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/)
    expect(emailIdOfToken(token)).toBe(mail.emailId)
    expect(mailToken(before, { ...mail, version: 1, keyId: 'k1' })).toBe(token)
  })

  test('is valid after the rotation of its key, until that key is removed', () => {
    expect(isMailToken(before, mail, token)).toBe(true)
    expect(isMailToken(after, mail, token)).toBe(true)
    expect(mailToken(after, { ...mail, keyId: 'k1' })).toBe(token)
    expect(mailToken(after, mail)).not.toBe(token)
    expect(isMailToken({ currentId: 'k2', keys: new Map([['k2', second]]) }, mail, token)).toBe(false)
    expect(() => mailToken(before, { ...mail, keyId: 'k2' })).toThrow()
  })

  test('of another mail or version is refused, also with the id of this one', () => {
    const other = { ...mail, emailId: newId() }
    expect(isMailToken(before, mail, mailToken(before, other))).toBe(false)
    expect(isMailToken(before, other, token)).toBe(false)
    expect(isMailToken(before, other, token.replace(mail.emailId, other.emailId))).toBe(false)
    expect(isMailToken(before, { ...mail, version: 2 }, token)).toBe(false)
  })

  test.each([
    ['nothing', ''],
    ['the id alone', mail.emailId],
    ['the secret alone', token.slice(37)],
    ['one character less', token.slice(0, -1)],
    ['one character more', `${token}A`],
    ['a space before it', ` ${token}`],
    ['a line after it', `${token}\n`],
    ['an upper-case id', token.toUpperCase().slice(0, 37) + token.slice(37)],
    ['base64 that is not base64url', `${token.slice(0, -1)}+`],
    ['another last character', token.slice(0, -1) + (token.endsWith('A') ? 'E' : 'A')],
  ])('with %s is refused', (_what, given) => {
    expect(isMailToken(before, mail, given)).toBe(false)
  })

  test('without a valid form has no mail id', () => {
    for (const given of ['', mail.emailId, `${token}A`, `x${token}`, `${token}\n`])
      expect(emailIdOfToken(given)).toBeUndefined()
  })
})
