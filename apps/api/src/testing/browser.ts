import { launchBrowser, watchAnswers } from '@muster/browser'
import { builtPages } from '@muster/pages'
import { freePort } from '@muster/testing'
import type { BrowserContextOptions, Locator, Page } from 'playwright-core'
import { isOfApi } from '../http/pages.ts'
import { buildTestApp, type TestApp, type TestClient } from './test-app.ts'

/** Runs in the page. The mark tells these lines of the console from others. */
const mark = 'Content-Security-Policy:'
const tellViolations = `addEventListener('securitypolicyviolation', (event) =>
  console.error('${mark}', event.violatedDirective, event.blockedURI, event.sourceFile))`

/** A window of Chromium. `as` is who is signed in. */
export type WindowOptions = BrowserContextOptions & { as?: TestClient }

/** An API that serves the built pages, and a browser. */
export type Pages = {
  api: TestApp
  origin: string
  /** The folder of the pages. */
  folder: string
  /** Opens a window with cookies of its own, which closes with the browser. */
  open(options?: WindowOptions): Promise<Page>
  /** Waits until the page has a heading, shows no placeholder and awaits no answer. */
  untilSettled(page: Page): Promise<void>
  /**
   * Faults of all windows so far: violations of the Content-Security-Policy, uncaught errors, lines of errors in the
   * console, requests that failed, missing files and errors of the server.
   */
  faults: string[]
  /** Requests that the API refused, in all windows so far. A test that makes mistakes on purpose has some. */
  refusals: string[]
  close(): Promise<void>
}

/**
 * Starts an API that serves the pages as built from the present sources, and Chromium. No worker runs.
 * @param options.root another folder of pages
 * @throws Error when no Chromium is on PATH: skip such tests by `findBrowser`
 */
export async function openPages({ root }: { root?: string } = {}): Promise<Pages> {
  const port = await freePort()
  // Of the loopback names, the one that browsers take for secure.
  const origin = `http://localhost:${port}`
  const [folder, browser] = await Promise.all([root ?? builtPages(), launchBrowser()])
  const api = await buildTestApp({
    config: {
      allowedOrigins: new Set([origin]),
      publicUrl: new URL(origin),
      webUrl: origin,
      pages: { root: folder },
    },
  })
  await api.app.listen({ host: '127.0.0.1', port })

  const faults: string[] = []
  const refusals: string[] = []
  const settled = new WeakMap<Page, () => Promise<void>>()

  function watch(page: Page): void {
    settled.set(page, watchAnswers(page))
    const fault = (text: string) => faults.push(`${text} (on ${new URL(page.url()).pathname})`)
    page.on('pageerror', (error) => fault(`${error}`))
    page.on('console', (message) => {
      // What Chromium says about an answer is judged below, by its status.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) fault(message.text())
    })
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText
      // A navigation, or the page itself, ended it.
      if (reason !== 'net::ERR_ABORTED') fault(`${request.method()} ${request.url()}: ${reason}`)
    })
    page.on('response', (answer) => {
      const status = answer.status()
      if (status < 400) return
      const { pathname } = new URL(answer.url())
      const text = `${answer.request().method()} ${pathname} answered ${status}`
      if (isOfApi(pathname) && status < 500) refusals.push(text)
      else fault(text)
    })
  }

  return {
    ...{ api, origin, folder, faults, refusals },
    async open({ as, ...options } = {}) {
      const context = await browser.newContext({
        ...{ locale: 'en-GB', timezoneId: 'Europe/Berlin', reducedMotion: 'reduce', colorScheme: 'light' },
        ...options,
      })
      context.setDefaultTimeout(20_000)
      if (as)
        await context.addCookies([...as.cookies].map(([name, value]) => ({ name, value, url: origin, httpOnly: true })))
      await context.addInitScript(tellViolations)
      const page = await context.newPage()
      watch(page)
      return page
    },
    untilSettled: async (page) => settled.get(page)?.(),
    async close() {
      await browser.close()
      await api.close()
    },
  }
}

/** Goes to another page as a link inside of the pages does. The router offers itself to its developer tools by this name. */
export const follow = (page: Page, path: string): Promise<void> =>
  page.evaluate(
    (href) =>
      new Promise<void>((resolve) => {
        const { __TSR_ROUTER__: router } = globalThis as unknown as { __TSR_ROUTER__: Router }
        const end = router.subscribe('onRendered', () => {
          end()
          resolve()
        })
        router.navigate({ href })
      }),
    path,
  )

const mostTabs = 100

/** Moves the focus by the Tab key alone. @throws Error when it does not reach the control */
export async function tabTo(control: Locator): Promise<void> {
  await control.waitFor()
  const hasFocus = () =>
    control.evaluate((element) => (element as unknown as { matches(selector: string): boolean }).matches(':focus'))
  for (let tabs = 0; tabs < mostTabs; tabs++) {
    if (await hasFocus()) return
    await control.page().keyboard.press('Tab')
  }
  throw new Error(`The Tab key does not reach ${control}.`)
}

type Router = {
  navigate(to: { href: string }): unknown
  subscribe(event: 'onRendered', listener: () => void): () => void
}
