import { accessibilityFaults, failCalls } from '@muster/browser'
import type { PageRoute } from '@muster/pages'
import { type Site, type Viewer, viewerOf } from './site.ts'

export type PageState = 'empty' | 'data' | 'error'
/** A violation on a page, as `accessibilityFaults` writes it. */
export type AxeFault = { path: string; state: PageState; widthPx: number; fault: string }

export const widthsPx = [360, 1_280]
const viewers: readonly Viewer[] = ['visitor', 'member', 'operator']

/** Lets axe read each page in both themes and at each width, in one of its states. */
export async function readByAxe(site: Site, routes: readonly PageRoute[], state: PageState): Promise<AxeFault[]> {
  const found: AxeFault[] = []
  for (const viewer of viewers) {
    const { page, untilSettled, close } = await site.open(viewer, { reducedMotion: 'reduce' })
    try {
      if (state === 'error') await failCalls(page)
      for (const route of routes.filter((one) => viewerOf(one) === viewer)) {
        await page.goto(site.origin + site.addressOf(route))
        await untilSettled()
        for (const widthPx of widthsPx) {
          await page.setViewportSize({ width: widthPx, height: 800 })
          const faults = await accessibilityFaults(page)
          found.push(...faults.map((fault) => ({ path: route.path, state, widthPx, fault })))
        }
      }
    } finally {
      await close()
    }
  }
  return found
}
