import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'

/** All calls of the API but the one that tells who is signed in. */
const calls = /\/api\/v1\/(?!auth\/session(\?|$))/

/**
 * Lets every call of the API from a page fail but the one that tells who is signed in.
 * @returns a function that ends this
 */
export async function failCalls(page: Page): Promise<() => Promise<void>> {
  await page.route(calls, (route) =>
    route.fulfill({
      status: 500,
      json: { success: false, message: 'The server failed.', error: { code: 'INTERNAL', requestId: randomUUID() } },
    }),
  )
  return () => page.unroute(calls)
}
