import { accessibilityFaults, findBrowser } from '@muster/browser'
import { eventually } from '@muster/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailedToken, send } from '../../modules/invites/testing/invites-fixtures.ts'
import {
  login,
  mailedCode,
  mailedResetToken,
  newUser,
  password,
  registered,
} from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { appOf, confirmTotp, setUpTotp, stepMs } from '../../modules/two-factor/testing/two-factor-fixtures.ts'
import { openPages, type Pages } from '../../testing/browser.ts'
import { dataOf, succeeded } from '../../testing/succeeded.ts'

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: the pages for signing in are not tested here.')

const now = { now: () => new Date() }

/** The start page of a signed-in user has the navigation of the app. */
const untilSignedIn = (page: Page) => page.getByRole('navigation', { name: 'Main navigation' }).first().waitFor()

describe.skipIf(!browserPath)('the pages for signing in', () => {
  let pages: Pages
  beforeAll(async () => {
    pages = await openPages()
  }, 240_000)
  afterAll(() => pages?.close())

  const fill = (page: Page, label: string, value: string) => page.getByLabel(label, { exact: true }).fill(value)
  const invitationFor = async (email: string) =>
    `${pages.origin}/accept-invite?token=${await mailedToken(pages.api, email)}`
  const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()

  test('a visitor registers by the code of the mail, and is signed in', async () => {
    const page = await pages.open()
    const user = newUser()
    await page.goto(`${pages.origin}/`)
    await page.getByRole('link', { name: 'Create one' }).click()
    await fill(page, 'Name', user.name)
    await fill(page, 'E-mail', user.email)
    await fill(page, 'Username', user.username)
    await fill(page, 'Password', 'short')
    await press(page, 'Go on')
    await page.getByText('This password breaks a rule below.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await fill(page, 'Password', user.password)
    await press(page, 'Go on')
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()

    await fill(page, 'Code of the mail', '000000')
    await page.getByText('This code is wrong or has expired.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await fill(page, 'Code of the mail', await mailedCode(pages.api, user.email))
    await untilSignedIn(page)
    expect(new URL(page.url()).pathname).toBe('/')
    await page.context().close()
  })

  test('a user with an authenticator app signs in by its code, and comes back to the page that was asked for', async () => {
    const user = await registered(pages.api)
    const { secret } = dataOf(await setUpTotp(user.client))
    const confirmed = await confirmTotp(user.client, appOf(secret, now).code())
    const recoveryCodes = dataOf(confirmed).recoveryCodes as string[]
    const page = await pages.open()
    await page.goto(`${pages.origin}/?from=mail`)
    await fill(page, 'E-mail', user.email)
    await fill(page, 'Password', 'Wr0ng-Password')
    await press(page, 'Sign in')
    await page.getByText('The e-mail or the password is wrong.').waitFor()
    expect(await page.getByLabel('E-mail').inputValue()).toBe(user.email)
    await fill(page, 'Password', user.password)
    await press(page, 'Sign in')
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])

    // The code that confirmed the app is used up; the server takes that of the next step too, for clocks that are fast.
    await fill(page, 'Code of the app', appOf(secret, { now: () => new Date(Date.now() + stepMs) }).code())
    await untilSignedIn(page)
    expect(new URL(page.url())).toMatchObject({ pathname: '/', search: '?from=mail' })

    const other = await pages.open()
    await other.goto(`${pages.origin}/login`)
    await fill(other, 'E-mail', user.email)
    await fill(other, 'Password', user.password)
    await press(other, 'Sign in')
    await press(other, 'Phone not at hand? Use a recovery code')
    await fill(other, 'Recovery code', recoveryCodes[0] as string)
    await press(other, 'Sign in')
    await untilSignedIn(other)
    await Promise.all([page.context().close(), other.context().close()])
  })

  test('the link of the mail sets a new password once, and its token leaves the address', async () => {
    const user = await registered(pages.api)
    const page = await pages.open()
    await page.goto(`${pages.origin}/login`)
    await fill(page, 'E-mail', user.email)
    await page.getByRole('link', { name: 'Forgot it?' }).click()
    await press(page, 'Mail me a link')
    const link = await eventually(async () => {
      const token = await mailedResetToken(pages.api, user.email)
      return `${pages.origin}/reset-password?token=${token}`
    })
    await page.goto(link)
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
    expect(page.url()).toBe(`${pages.origin}/reset-password`)
    await fill(page, 'New password', 'An0ther-Password')
    await press(page, 'Set the password')
    await page.getByRole('heading', { name: 'Your password is new' }).waitFor()
    succeeded(await login(pages.api.connect(), user.email, 'An0ther-Password'))

    await page.goto(link)
    await fill(page, 'New password', 'Y3t-Another-One')
    await press(page, 'Set the password')
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor()
    await page.getByRole('link', { name: 'Ask for a new link' }).click()
    await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor()
    await page.context().close()
  })

  test('an invitation says who invites into what, and is accepted with a new account or the one signed in', async () => {
    const admin = await registered(pages.api)
    succeeded(await admin.client.inject('PATCH', '/api/v1/organization', { name: 'Analytical Engines' }))
    const newcomer = newUser()
    succeeded(await send(admin.client, { email: newcomer.email, role: 'client_user' }))
    const page = await pages.open()
    await page.goto(await invitationFor(newcomer.email))
    await page.getByRole('heading', { name: 'Join Analytical Engines' }).waitFor()
    expect(page.url()).toBe(`${pages.origin}/accept-invite`)
    await page.getByText(`${admin.name} invites you`).waitFor()
    await page.getByText('Member of an organization').waitFor()
    await page.getByText('Administrators of Analytical Engines see and can change all tasks there').waitFor()
    await fill(page, 'Name', newcomer.name)
    await fill(page, 'Username', newcomer.username)
    await fill(page, 'Password', password)
    await press(page, 'Create the account and accept')
    await untilSignedIn(page)
    await page.context().close()

    const colleague = await registered(pages.api)
    succeeded(await send(admin.client, { email: colleague.email, role: 'client_user' }))
    const link = await invitationFor(colleague.email)
    const second = await pages.open()
    await second.goto(link)
    await second.getByRole('link', { name: 'I have an account' }).click()
    // The address changes before the page does, and the page before has fields of the same names.
    await second.getByRole('heading', { name: 'Sign in', exact: true }).waitFor()
    await eventually(async () => expect(await second.getByLabel('E-mail').inputValue()).toBe(colleague.email))
    await fill(second, 'Password', password)
    await press(second, 'Sign in')
    await press(second, 'Accept the invitation')
    await untilSignedIn(second)
    await second.goto(link)
    await second.getByRole('heading', { name: 'This invitation no longer works' }).waitFor()
    await second.context().close()
  })

  test('an organization that requires an app leads its members to the set-up, and on to where they wanted', async () => {
    const admin = await registered(pages.api)
    succeeded(await admin.client.inject('PATCH', '/api/v1/organization', { twoFactorMethod: 'totp' }))
    const page = await pages.open()
    await page.goto(`${pages.origin}/login`)
    await fill(page, 'E-mail', admin.email)
    await fill(page, 'Password', password)
    await press(page, 'Sign in')
    await page.getByText('Your organization requires a second factor').waitFor()
    await press(page, 'Show the QR code')
    await page.getByRole('img', { name: /QR code/ }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    const secret = ((await page.locator('code').textContent()) ?? '').replaceAll(' ', '')
    await fill(page, 'First code of the app', appOf(secret, now).code())
    await page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
    expect(await page.getByRole('listitem').count()).toBe(10)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await page.getByRole('button', { name: 'Go on' }).isEnabled()).toBe(false)
    await page.getByLabel('I have kept the codes in a safe place').check()
    await press(page, 'Go on')
    await untilSignedIn(page)
    await page.context().close()
  })

  test('what is mangled, doubled or missing in an address is answered in words with a next step', async () => {
    const page = await pages.open()
    const headings: [string, string][] = [
      ['/reset-password', 'This link is incomplete'],
      ['/accept-invite', 'This link is incomplete'],
      ['/login/code', 'This sign-in has ended'],
      ['/register/code', 'No registration is open'],
      ['/accept-invite?token=abc', 'This invitation no longer works'],
      ['/accept-invite?token=abc&token=def', 'This invitation no longer works'],
      ['/login?next=https://evil.example/&next=1', 'Sign in'],
      ['/no-such-page', 'There is no such page'],
    ]
    for (const [path, heading] of headings) {
      await page.goto(pages.origin + path)
      await page.getByRole('heading', { name: heading }).waitFor()
    }
    await page.goto(`${pages.origin}/login?error=already_linked`)
    await page.getByText('is linked to another Google account').waitFor()
    const expiresAt = new Date(Date.now() + 60_000).toISOString()
    await page.goto(`${pages.origin}/login#${new URLSearchParams({ challenge: 'k1.a.b', method: 'totp', expiresAt })}`)
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    expect(page.url()).toBe(`${pages.origin}/login/code`)
    await page.context().close()
  })

  test('no page breaks the Content-Security-Policy or throws', () => {
    expect(pages.faults).toEqual([])
  })
})
