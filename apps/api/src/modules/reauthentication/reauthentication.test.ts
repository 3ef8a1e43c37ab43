import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusesOf, times } from '../../testing/responses.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { auditOf, codeOf } from '../sign-in/testing/sign-in-fixtures.ts'
import {
  askToConfirm,
  countCodeMails,
  loginCode,
  renewCodes,
  withTotp,
  wrong,
} from '../two-factor/testing/two-factor-fixtures.ts'

const minuteMs = 60_000
let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

const withoutPassword = (id: string) =>
  api.db.updateTable('users').set({ password_hash: null }).where('id', '=', id).execute()

describe('an account without a password reauthenticates', () => {
  test('with a mailed code, once, within five minutes', async () => {
    const { client, email, id } = await withTotp(api, clock)
    await withoutPassword(id)
    const lacking = await renewCodes(client, {})
    expect(lacking.json().error.details).toMatchObject([{ path: 'body.code', code: 'REQUIRED' }])
    await askToConfirm(client)
    const late = await loginCode(api, email)
    clock.advance(5 * minuteMs)
    expect(codeOf(await renewCodes(client, { code: late }))).toBe('OTP_INVALID')

    await askToConfirm(client)
    const code = await loginCode(api, email)
    const answers = await times(4, () => renewCodes(client, { code }))
    expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(1)
    expect(codeOf(await renewCodes(client, { code }))).toBe('OTP_INVALID')
  })

  test('with five tries and one mail a minute', async () => {
    const { client, email, id } = await withTotp(api, clock)
    await withoutPassword(id)
    const mails = await countCodeMails(api, email)
    await times(20, () => askToConfirm(client))
    expect(await countCodeMails(api, email)).toBe(mails + 1)
    const code = await loginCode(api, email)
    await times(50, () => renewCodes(client, { code: wrong(code) }))
    const failed = (await auditOf(api, id)).filter(({ action }) => action === 'auth.code_failed')
    expect(failed).toHaveLength(5)
    clock.advance(minuteMs)
    expect(codeOf(await renewCodes(client, { code }))).toBe('OTP_INVALID')
  })
})
