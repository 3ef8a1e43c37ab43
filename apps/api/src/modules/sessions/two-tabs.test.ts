import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { findBrowser, launchBrowser } from '@muster/browser'
import { type ManualClock, manualClock } from '@muster/testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { buildTestApp, type TestApp } from '../../testing/test-app.ts'

const rounds = 10
const callsPerTab = 5
const longerThanTheGraceMs = 11_000
const longerThanAnAccessTokenMs = 16 * 60_000

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: what two tabs of a browser do is not tested here.')

describe.skipIf(!browserPath)('two tabs of one browser', () => {
  let clock: ManualClock
  let api: TestApp
  let apiUrl: string
  let frontEnd: Server
  let browser: Browser
  let tabs: Page[]

  beforeAll(async () => {
    frontEnd = createServer((_request, response) => response.setHeader('content-type', 'text/html').end('<p>A page'))
    frontEnd.listen(0, '127.0.0.1')
    await once(frontEnd, 'listening')
    const origin = `http://localhost:${(frontEnd.address() as AddressInfo).port}`
    clock = manualClock()
    api = await buildTestApp({ clock, config: { allowedOrigins: new Set([origin]) } })
    apiUrl = (await api.listen()).replace('127.0.0.1', 'localhost')
    browser = await launchBrowser()
    const profile = await browser.newContext()
    const user = await api.signUp()
    await profile.addCookies([...user.cookies].map(([name, value]) => ({ name, value, url: apiUrl, httpOnly: true })))
    tabs = await Promise.all([profile.newPage(), profile.newPage()])
    await Promise.all(tabs.map((tab) => tab.goto(origin)))
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    frontEnd.close()
    await api.close()
  })

  /** Sends the same call from both tabs in parallel, several times each. @returns the statuses */
  const callFromBoth = async (method: string, path: string): Promise<number[]> => {
    const call = { url: `${apiUrl}/api/v1${path}`, method, times: callsPerTab }
    const statuses = await Promise.all(
      tabs.map((tab) =>
        tab.evaluate(
          ({ url, method, times }) =>
            Promise.all(
              Array.from({ length: times }, async () => (await fetch(url, { method, credentials: 'include' })).status),
            ),
          call,
        ),
      ),
    )
    return statuses.flat()
  }
  const allGood = Array(callsPerTab * 2).fill(200)
  const generation = async () =>
    (await api.db.selectFrom('sessions').select('generation').executeTakeFirstOrThrow()).generation

  test('that refresh in parallel stay signed in, with one rotation each time', async () => {
    for (let round = 0; round < rounds; round++) {
      const before = await generation()
      clock.advance(longerThanTheGraceMs)
      expect(await callFromBoth('POST', '/auth/refresh')).toEqual(allGood)
      expect(await generation()).toBe(before + 1)
    }
  })

  test('that return after the access token has expired continue without an error', async () => {
    for (let round = 0; round < rounds; round++) {
      clock.advance(longerThanAnAccessTokenMs)
      expect(await callFromBoth('GET', '/users/me')).toEqual(allGood)
    }
    expect(await callFromBoth('GET', '/auth/sessions')).toEqual(allGood)
  })
})
