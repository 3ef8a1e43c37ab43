import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { findBrowser, launchBrowser } from '@muster/browser'
import type { Muster } from '@muster/client'
import { eventually } from '@muster/testing'
import { build } from 'esbuild'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp, type TestApp, type TestUser } from '../../testing/test-app.ts'

declare const muster: Muster

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: the client package in a browser is not tested here.')

const entry = fileURLToPath(new URL('../../../../../packages/client/src/index.ts', import.meta.url))

describe.skipIf(!browserPath)('the client in a browser', () => {
  let api: TestApp
  let frontEnd: Server
  let browser: Browser
  let profile: BrowserContext
  let page: Page
  let ann: TestUser
  let chatId: string

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    })
    let apiUrl = ''
    frontEnd = createServer(({ url }, response) => {
      if (url === '/client.js') return response.setHeader('content-type', 'text/javascript').end(outputFiles[0]?.text)
      const script = `import { createMuster } from '/client.js'; window.muster = createMuster({ baseUrl: '${apiUrl}' })`
      return response.setHeader('content-type', 'text/html').end(`<script type="module">${script}</script>`)
    })
    frontEnd.listen(0, '127.0.0.1')
    await once(frontEnd, 'listening')
    const origin = `http://localhost:${(frontEnd.address() as AddressInfo).port}`
    api = await buildTestApp({ config: { allowedOrigins: new Set([origin]) } })
    apiUrl = (await api.listen()).replace('127.0.0.1', 'localhost')
    ann = await api.signUp()
    const bert = await api.signUp({ organizationId: ann.organizationId ?? '' })
    const created = await ann.inject('POST', '/api/v1/chats', { type: 'direct', userId: bert.userId })
    chatId = dataOf(created).chat.id
    browser = await launchBrowser()
    profile = await browser.newContext()
    await profile.addCookies([...ann.cookies].map(([name, value]) => ({ name, value, url: apiUrl, httpOnly: true })))
    page = await profile.newPage()
    await page.goto(origin)
  }, 60_000)
  afterAll(async () => {
    await browser.close()
    frontEnd.close()
    await api.close()
  })

  /** Waits until the page is signed in by its cookies and connected by WebSocket alone. */
  const connect = () =>
    page.evaluate(async () => {
      await muster.session.restore()
      await muster.realtime().whenOpen()
      return muster.realtime().connection.getSnapshot()
    })
  const stored = () =>
    api.db.selectFrom('messages').select('body').where('chat_id', '=', chatId).orderBy('seq').execute()

  test('connects by WebSocket with the cookies of the browser, and tells the progress of an upload', async () => {
    const polls: string[] = []
    page.on('request', (request) => request.url().includes('transport=polling') && polls.push(request.url()))
    expect(await connect()).toBe('open')
    expect(polls).toEqual([])
    const { steps, files } = await page.evaluate(async (id) => {
      const seen: number[] = []
      const data = new Blob(['Water '.repeat(200_000)])
      const upload = muster.chats.uploadMedia(
        id,
        { name: 'notes.txt', data },
        {
          onProgress: ({ sentBytes }) => seen.push(sentBytes),
        },
      )
      return { steps: seen, files: await upload.waitUntilReady() }
    }, chatId)
    expect(files).toMatchObject([{ filename: 'notes.txt', status: 'ready' }])
    expect([steps[0], steps.at(-1)]).toEqual([0, 1_200_000])
  })

  test('keeps what was written without a connection over a reload, and sends it once', async () => {
    await connect()
    const refuse = (url: URL) => url.pathname.endsWith('/messages')
    await profile.route(refuse, (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
    await page.evaluate(async (id) => {
      await muster.chat(id).open()
      for (const body of ['one', 'two']) muster.chat(id).send(body)
    }, chatId)
    const outgoing = () =>
      page.evaluate(
        (id) =>
          muster
            .chat(id)
            .getSnapshot()
            .outgoing.map(({ body }) => body),
        chatId,
      )
    expect(await outgoing()).toEqual(['one', 'two'])
    await page.reload()
    await connect()
    await eventually(async () => expect(await outgoing()).toEqual(['one', 'two']))
    expect(await stored()).toEqual([])
    await profile.unroute(refuse)
    await eventually(async () => expect(await stored()).toEqual([{ body: 'one' }, { body: 'two' }]))
    await eventually(async () => expect(await outgoing()).toEqual([]))
  })

  test('ends in both tabs when one of them signs out', async () => {
    const tab = await profile.newPage()
    await tab.goto(page.url())
    const status = (one: Page) => one.evaluate(() => muster.session.getSnapshot().status)
    await tab.evaluate(() => muster.session.restore())
    await connect()
    await tab.evaluate(() => muster.session.signOut())
    await eventually(async () => expect([await status(page), await status(tab)]).toEqual(['signed-out', 'signed-out']))
    expect(await page.evaluate(() => muster.realtime().chats.getSnapshot().items)).toEqual([])
  })
})
