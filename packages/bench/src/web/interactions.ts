import type { Page } from 'playwright-core'
import type { Site } from './site.ts'

/** How long the browser took from an event to the paint that shows its effect, at most. */
export type Interaction = { what: string; longestMs: number; events: number }

const slowdown = 4
const patienceMs = 180_000

/** Runs in the page: keeps the durations of events that people cause. */
const collect = `(() => {
  globalThis.durationsMs = []
  new PerformanceObserver((list) => {
    for (const { interactionId, duration } of list.getEntries()) if (interactionId) durationsMs.push(duration)
  }).observe({ type: 'event', durationThreshold: 16 })
})()`
/** The observer hears of an event after its paint. */
const afterPaints = `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 300))))`

/** Works in the list of the member's tasks, all of which are loaded, on a processor that is four times slower. */
export async function interactWithLongList(site: Site): Promise<Interaction[]> {
  const { page, untilSettled, close } = await site.open('member', { viewport: { width: 1_280, height: 800 } })
  try {
    await page.addInitScript(collect)
    await page.goto(`${site.origin}/tasks`)
    await untilSettled()
    await loadAll(page)
    const session = await page.context().newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
    const found: Interaction[] = []
    const step = async (what: string, act: () => Promise<unknown>) => {
      await page.evaluate(`${afterPaints}.then(() => { durationsMs = [] })`)
      await act()
      await page.evaluate(afterPaints)
      const durationsMs = (await page.evaluate('durationsMs')) as number[]
      found.push({ what, longestMs: Math.max(0, ...durationsMs), events: durationsMs.length })
    }
    const rows = page.getByRole('listitem')
    const middle = rows.nth(8)
    await step('scroll by keys', async () => {
      await middle.getByRole('link').first().focus()
      for (const key of ['PageUp', 'PageUp', 'PageDown', 'Home']) await page.keyboard.press(key, { delay: 50 })
    })
    await step('select tasks', async () => {
      for (const index of [2, 3]) await rows.nth(index).getByRole('checkbox').click()
    })
    await step('complete a task', () => rows.nth(4).getByRole('button').first().click())
    await step('type a new task', async () => {
      await page.locator('[data-quick-add]').pressSequentially('Oil it tomorrow', { delay: 60 })
      await page.keyboard.press('Enter')
    })
    await step('open a menu of a filter', async () => {
      await page.getByRole('search').getByRole('combobox').first().click()
      await page.getByRole('option').first().waitFor()
      await page.keyboard.press('Escape')
    })
    await step('type in the search', () =>
      page.getByRole('searchbox').pressSequentially('coat 42', { delay: 60 }).then(untilSettled),
    )
    await step('clear the search', async () => {
      await page.getByRole('searchbox').selectText()
      await page.keyboard.press('Delete')
      await untilSettled()
    })
    await step('open a task', () => rows.nth(3).getByRole('link').first().click().then(untilSettled))
    return found
  } finally {
    await close()
  }
}

/** Scrolls to the end until every task is in the page's memory: then the rows know how many there are. @throws Error after three minutes */
async function loadAll(page: Page): Promise<void> {
  await page.getByRole('main').getByRole('listitem').first().waitFor()
  const lastMs = performance.now() + patienceMs
  while (!(await page.evaluate(scrollOn)))
    if (performance.now() > lastMs) throw new Error('The list did not load all of its tasks.')
}

/** Runs in the page. */
const scrollOn = `new Promise(requestAnimationFrame).then(() => {
  const row = document.querySelector('main [aria-setsize]')
  const scrolled = row.parentElement.parentElement
  scrolled.scrollTop = scrolled.scrollHeight
  return row.getAttribute('aria-setsize') !== '-1'
})`
