import { mailCode } from '@muster/mail'
import { totpCode } from '@muster/security/totp'
import type { ManualClock } from '@muster/testing'
import { dataOf } from '../../../testing/succeeded.ts'
import type { TestApp, TestClient } from '../../../testing/test-app.ts'
import { login, mailsTo, registered } from '../../sign-in/testing/sign-in-fixtures.ts'

export const stepMs = 30_000

const base = '/api/v1/auth/two-factor'

export const setUpTotp = (client: TestClient, confirmation?: object) =>
  client.inject('POST', `${base}/totp/setup`, confirmation)
export const confirmTotp = (client: TestClient, code: string) => client.inject('POST', `${base}/totp/confirm`, { code })
export const enableOtp = (client: TestClient) => client.inject('POST', `${base}/otp/enable`)
export const confirmOtp = (client: TestClient, code: string) => client.inject('POST', `${base}/otp/confirm`, { code })
export const disable = (client: TestClient, body: object) => client.inject('POST', `${base}/disable`, body)
export const renewCodes = (client: TestClient, body: object) => client.inject('POST', `${base}/recovery-codes`, body)
export const askToConfirm = (client: TestClient) => client.inject('POST', '/api/v1/auth/confirmation-code')
export const verify = (client: TestClient, challengeToken: string, code: string) =>
  client.inject('POST', `${base}/verify`, { challengeToken, code })
export const resend = (client: TestClient, challengeToken: string) =>
  client.inject('POST', `${base}/resend`, { challengeToken })

/** Begins a sign-in by password. @returns the token of its challenge */
export async function challenged(api: TestApp, email: string, password?: string): Promise<string> {
  const { data } = (await login(api.connect(), email, password)).json()
  if (!data?.requiresTwoFactor) throw new Error('The sign-in required no second factor.')
  return data.challengeToken
}

/** Begins `count` sign-ins, as many in parallel as the password's lockout permits. */
export async function manyChallenged(api: TestApp, email: string, count: number): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < count)
    tokens.push(...(await Promise.all(Array.from({ length: 4 }, () => challenged(api, email)))))
  return tokens.slice(0, count)
}

/** Derives the code of the latest mail with a sign-in or confirmation code. */
export async function loginCode(api: TestApp, email: string): Promise<string> {
  const mail = (await mailsTo(api, email)).findLast(({ template }) => template === 'login-code')
  return mailCode(api.deps.config.keys.mailCode, { template: 'login-code', emailId: mail?.id as string })
}

export const countCodeMails = async (api: TestApp, email: string) =>
  (await mailsTo(api, email)).filter(({ template }) => template === 'login-code').length

/** Returns another code of six digits. */
export const wrong = (code: string) => String((Number(code) + 1) % 1_000_000).padStart(6, '0')

/** Creates an authenticator app for the secret. */
export const appOf = (secret: string, clock: Pick<ManualClock, 'now'>) => {
  const bytes = fromBase32(secret)
  return { secret: bytes, text: secret, code: () => totpCode(bytes, clock.now()) }
}

/** Registers a user whose factor is an app. The time step of its first code is consumed. */
export async function withTotp(api: TestApp, clock: ManualClock) {
  const user = await registered(api)
  const app = appOf(dataOf(await setUpTotp(user.client)).secret, clock)
  const confirmed = await confirmTotp(user.client, app.code())
  clock.advance(stepMs)
  return { ...user, app, recoveryCodes: dataOf(confirmed).recoveryCodes as string[] }
}

/** Registers a user whose factor is the mailed code. */
export async function withOtp(api: TestApp, clock: ManualClock) {
  const user = await registered(api)
  await enableOtp(user.client)
  await confirmOtp(user.client, await loginCode(api, user.email))
  clock.advance(60_000)
  return user
}

/** Decodes a secret in base32, as the API returns it. */
export function fromBase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
}
