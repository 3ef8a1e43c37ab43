import { setTimeout as sleep } from 'node:timers/promises'
import type { Page } from 'playwright-core'

const patienceMs = 20_000
const pollMs = 20

/**
 * Watches the requests of a new page.
 * @returns a function that waits until the page has a heading, shows no placeholder and has no open request. It throws an Error after 20 s
 */
export function watchAnswers(page: Page): () => Promise<void> {
  const awaited = new Set<object>()
  page.on('request', (request) => awaited.add(request))
  const end = (request: object) => awaited.delete(request)
  page.on('requestfinished', end)
  page.on('requestfailed', end)
  return async () => {
    await page.locator('h1').first().waitFor({ state: 'attached' })
    await page.locator('[data-skeleton]').first().waitFor({ state: 'detached' })
    const deadlineMs = performance.now() + patienceMs
    while (awaited.size > 0) {
      if (performance.now() > deadlineMs) throw new Error(`${page.url()} still awaits an answer.`)
      await sleep(pollMs)
    }
  }
}
