import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { statusesOf } from '../../testing/responses.ts'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'
import { challenged, manyChallenged, verify, withTotp } from '../two-factor/testing/two-factor-fixtures.ts'
import { auditOf, codeOf, mailsTo } from './testing/sign-in-fixtures.ts'

let clock: ManualClock
let api: TestApp

beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

describe('a recovery code', () => {
  test('replaces the app’s code once, in any spelling, and the owner is alerted', async () => {
    const { email, id, recoveryCodes } = await withTotp(api, clock)
    const [first = '', second = ''] = recoveryCodes
    const answer = await verify(api.connect(), await challenged(api, email), first.toUpperCase().replaceAll('-', ''))
    expect(answer.statusCode).toBe(200)
    expect(answer.json().message).toContain('9 are left')
    expect(
      (await mailsTo(api, email)).find(({ data }) => (data as { change?: string }).change === 'recovery-code-used'),
    ).toBeDefined()
    expect((await auditOf(api, id)).map(({ action }) => action)).toContain('auth.recovery_code_used')
    expect(codeOf(await verify(api.connect(), await challenged(api, email), first))).toBe('OTP_INVALID')
    expect((await verify(api.connect(), await challenged(api, email), second)).json().message).toContain('8 are left')
  })

  test('used in twenty parallel sign-ins completes one', async () => {
    const { email, recoveryCodes } = await withTotp(api, clock)
    const tokens = await manyChallenged(api, email, 20)
    const answers = await Promise.all(tokens.map((token) => verify(api.connect(), token, recoveryCodes[0] as string)))
    expect(statusesOf(answers).filter((status) => status === 200)).toHaveLength(1)
  })

  test('is stored only as a hash', async () => {
    const { id, recoveryCodes } = await withTotp(api, clock)
    const rows = await api.db.selectFrom('recovery_codes').selectAll().where('user_id', '=', id).execute()
    expect(rows).toHaveLength(10)
    const text = JSON.stringify(rows) + rows.map(({ code_hash }) => code_hash.toString('latin1')).join()
    for (const code of recoveryCodes) {
      expect(text).not.toContain(code)
      expect(text).not.toContain(code.replaceAll('-', ''))
    }
  })

  test('of another user is refused', async () => {
    const [one, other] = [await withTotp(api, clock), await withTotp(api, clock)]
    expect(
      codeOf(await verify(api.connect(), await challenged(api, one.email), other.recoveryCodes[0] as string)),
    ).toBe('OTP_INVALID')
  })
})
