import { optOutToken, templates } from '@muster/mail'
import { type ManualClock, manualClock } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { accept, details, invited, newAccount } from '../modules/invites/testing/invites-fixtures.ts'
import {
  codeOf,
  mailedCode,
  mailedResetToken,
  newUser,
  register,
  registered,
  verify,
} from '../modules/sign-in/testing/sign-in-fixtures.ts'
import {
  askToConfirm,
  challenged,
  loginCode,
  verify as verifyFactor,
  withTotp,
} from '../modules/two-factor/testing/two-factor-fixtures.ts'
import { buildTestApp, type TestApp } from '../testing/test-app.ts'

let clock: ManualClock
let api: TestApp
beforeAll(async () => {
  clock = manualClock()
  api = await buildTestApp({ clock })
})
afterAll(() => api.close())

/** Writes the digits of a code with those of another script. */
const inScript = (code: string, zero: number) =>
  code.replace(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)))

const spellings: [string, (code: string) => string][] = [
  ['a line end', (code) => `${code}\r\n`],
  ['its label', (code) => `Code: ${code}`],
  ['a gap', (code) => `${code.slice(0, 3)} ${code.slice(3)}`],
  ['a gap that does not break', (code) => `\u00a0${code.slice(0, 3)}\u202f${code.slice(3)}`],
  ['a typographic hyphen', (code) => `${code.slice(0, 3)}–${code.slice(3)}`],
  ['blanks between all digits', (code) => [...code].join(' ')],
  ['a dot and quotes around it', (code) => `“${code}.”`],
  ['invisible characters', (code) => `\u200b\ufeff${code}\u2060`],
  ['full-width digits', (code) => inScript(code, 0xff10)],
  ['Arabic digits', (code) => inScript(code, 0x660)],
  ['Devanagari digits', (code) => inScript(code, 0x966)],
]

describe.each(spellings)('a code of digits with %s is accepted', (_name, paste) => {
  test('when an e-mail is verified', async () => {
    const user = newUser()
    const client = api.connect()
    await register(client, user)
    expect((await verify(client, user.email, paste(await mailedCode(api, user.email)))).statusCode).toBe(201)
  })

  test('when a first password is set', async () => {
    const user = await api.signUp()
    await askToConfirm(user)
    const body = { code: paste(await loginCode(api, user.email)), newPassword: 'An0ther-Passphrase' }
    expect((await user.inject('POST', '/api/v1/auth/change-password', body)).statusCode).toBe(200)
  })

  test('as the code of an app', async () => {
    const { email, app } = await withTotp(api, clock)
    clock.advance(30_000)
    expect((await verifyFactor(api.connect(), await challenged(api, email), paste(app.code()))).statusCode).toBe(200)
  })
})

test('text that is no code is told what a code has', async () => {
  const { email } = newUser()
  for (const otp of ['', '12345', '1234567', 'code 123456', '12345o', '½23456'])
    expect((await verify(api.connect(), email, otp)).json().error).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [{ path: 'body.otp', message: 'must have 6 digits' }],
    })
})

test.each<[string, (code: string) => string]>([
  ['typographic hyphens', (code) => code.replaceAll('-', '–')],
  ['hyphens that do not break', (code) => code.replaceAll('-', '\u2011')],
  ['minus signs and capitals', (code) => code.replaceAll('-', '−').toUpperCase()],
  ['one group in each line', (code) => code.replaceAll('-', '\r\n')],
  [
    'full-width characters',
    (code) => code.replace(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0)),
  ],
  ['zeros and eights for letters', (code) => code.replaceAll('o', '0').replaceAll('b', '8')],
  ['its number in the list', (code) => `1. ${code}`],
  ['a label', (code) => `recovery code: ${code}`],
  ['a bullet and a full stop', (code) => `• ${code}.`],
])('a recovery code with %s is accepted', async (_name, paste) => {
  const { email, recoveryCodes } = await withTotp(api, clock)
  const answer = await verifyFactor(api.connect(), await challenged(api, email), paste(recoveryCodes[0] as string))
  expect(answer.statusCode).toBe(200)
})

const links: [string, (token: string) => string][] = [
  ...['.', ',', ')', '>', '"', '’', ';', '!', '…', '>.', '*', '_', '-', '|', '。'].map(
    (mark): [string, (token: string) => string] => [`${mark} after it`, (token) => token + mark],
  ),
  ['brackets around it', (token) => `<${token}>`],
  ['its parameter', (token) => `token=${token}`],
  ['its whole URL', (token) => `https://app.example/accept-invite?token=${token}&utm_source=mail#top`],
  [
    'its URL within a scanner’s',
    (token) => `https://scan.example/?url=${encodeURIComponent(`https://x/?token=${token}`)}&d=1`,
  ],
  ['blanks and a line end', (token) => ` ${token}\r\n`],
  ['a line broken within it', (token) => `${token.slice(0, 50)}\r\n${token.slice(50)}`],
  ['the marks of a quoted reply', (token) => `> ${token.slice(0, 50)}\r\n> ${token.slice(50)}`],
  ['the soft breaks of quoted-printable', (token) => `=3D${token.slice(0, 60)}=\r\n${token.slice(60)}`],
  ['the soft break of a pasted line', (token) => `${token.slice(0, 20)}= ${token.slice(20)}`],
  ['words after it', (token) => `${token}\nThe link is valid for a week.`],
  ['invisible characters', (token) => `\u200b${token.slice(0, 40)}\u00ad${token.slice(40)}\ufeff`],
]

describe.each(links)('the token of a link with %s is accepted', (_name, paste) => {
  test('in an invitation, and in its path', async () => {
    const operator = await api.signUp({ role: 'operator' })
    const { token } = await invited(api, operator, 'client_admin')
    expect((await details(api.connect(), encodeURIComponent(paste(token)))).statusCode).toBe(200)
    expect((await accept(api.connect(), newAccount(paste(token)))).statusCode).toBe(201)
  })

  test('to set a new password', async () => {
    const { email } = await registered(api)
    await api.connect().inject('POST', '/api/v1/auth/forgot-password', { email })
    const body = { token: paste(await mailedResetToken(api, email)), password: 'An0ther-Passphrase' }
    expect((await api.connect().inject('POST', '/api/v1/auth/reset-password', body)).statusCode).toBe(200)
  })

  test('to unsubscribe', async () => {
    const { userId } = await api.signUp()
    const token = optOutToken(api.deps.config.keys.mailCode, templates['morning-digest'].optOut, userId)
    const path = `/api/v1/unsubscribe?token=${encodeURIComponent(paste(token))}`
    const page = await api.connect().inject('GET', path, undefined, { accept: 'text/html' })
    expect(page.body).toContain(`<form method="post" action="?token=${token}">`)
    expect((await api.connect().inject('POST', path)).statusCode).toBe(200)
  })
})

test('a token that is cut, lengthened or of another kind stays invalid', async () => {
  const operator = await api.signUp({ role: 'operator' })
  const { token, email } = await invited(api, operator, 'client_admin')
  const others = [token.slice(0, -1), `${token}A`, `${token}_A`, token.replace('.', ''), 'none', '.', email]
  for (const given of others) expect(codeOf(await accept(api.connect(), newAccount(given)))).toBe('INVITE_INVALID')
  expect((await details(api.connect(), token)).statusCode).toBe(200)
})
