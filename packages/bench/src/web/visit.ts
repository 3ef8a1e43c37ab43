import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import type { Site, Viewer } from './site.ts'

/** The figures of a visit with an empty cache. */
export type Visit = {
  /** Those to the API and of the socket included. */
  requests: string[]
  scripts: { path: string; gzippedBytes: number }[]
  /** Compressed by gzip. */
  styleBytes: number
  /** The largest contentful paint. */
  lcpMs: number
  /** The element of that paint. */
  largest: string
  /** The sum of unexpected shifts. */
  cls: number
  shifts: { value: number; elements: string[] }[]
}

/** A phone in a slow network, as Lighthouse sees it. */
const phone = { viewport: { width: 412, height: 823 }, deviceScaleFactor: 1.75, isMobile: true, hasTouch: true }
const slowNetwork = {
  offline: false,
  latency: 150 * 3.75,
  downloadThroughput: (1_638.4 * 0.9 * 1_024) / 8,
  uploadThroughput: (750 * 0.9 * 1_024) / 8,
}
const slowdown = 4

/** Runs in the page: collects paints and shifts. */
const collect = `(() => {
  globalThis.paints = { lcpMs: 0, largest: '', cls: 0, shifts: [] }
  const name = (node) => node && node.nodeType === 1
    ? node.tagName.toLowerCase() + (node.id ? '#' + node.id : '') + ' ' + JSON.stringify((node.textContent || '').slice(0, 40))
    : String(node && node.textContent).slice(0, 40)
  new PerformanceObserver((list) => {
    for (const { startTime, element } of list.getEntries()) Object.assign(paints, { lcpMs: startTime, largest: name(element) })
  }).observe({ type: 'largest-contentful-paint', buffered: true })
  new PerformanceObserver((list) => {
    for (const { hadRecentInput, value, sources } of list.getEntries()) {
      if (hadRecentInput) continue
      paints.cls += value
      paints.shifts.push({ value, elements: sources.map(({ node, previousRect: a, currentRect: b }) =>
        name(node) + ' ' + [a.x, a.y, a.width, a.height].map(Math.round) + ' → ' + [b.x, b.y, b.width, b.height].map(Math.round)) })
    }
  }).observe({ type: 'layout-shift', buffered: true })
})()`

/** Opens an address in a new window, on a phone in a slow network unless `isFast`. */
export async function visit(site: Site, viewer: Viewer, address: string, { isFast = false } = {}): Promise<Visit> {
  const { page, untilSettled, close } = await site.open(viewer, phone)
  try {
    const requests: string[] = []
    page.on('request', (request) => requests.push(shortened(request.url())))
    page.on('websocket', (socket) => requests.push(`socket ${shortened(socket.url())}`))
    await page.addInitScript(collect)
    if (!isFast) await slowDown(page)
    await page.goto(site.origin + address, { timeout: 60_000 })
    await untilSettled()
    await page.waitForLoadState('networkidle')
    const filesOf = (ending: string) =>
      [...new Set(requests)]
        .filter((path) => path.endsWith(ending))
        .map((path) => ({ path, gzippedBytes: gzippedBytes(join(site.folder, path)) }))
    const paints = (await page.evaluate('paints')) as Pick<Visit, 'lcpMs' | 'largest' | 'cls' | 'shifts'>
    return {
      requests,
      scripts: filesOf('.js'),
      styleBytes: filesOf('.css').reduce((sum, { gzippedBytes }) => sum + gzippedBytes, 0),
      ...paints,
    }
  } finally {
    await close()
  }
}

async function slowDown(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  await session.send('Network.emulateNetworkConditions', slowNetwork)
  await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown })
}

function shortened(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname.startsWith('/socket.io') ? pathname : pathname + search
}

/** Returns the size of a file as browsers get it. */
const gzippedBytes = (file: string) => statSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).size
