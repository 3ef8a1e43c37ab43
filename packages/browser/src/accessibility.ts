import axe, { type AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

/** WCAG 2.2, level AA, with all that it contains. */
const wcag = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }
/** The only rule for which the theme matters. */
const contrast = { type: 'rule', values: ['color-contrast'] }

/** Lists the violations that axe finds on the page as it is, in the light and in the dark theme: theme, rule, element and reason. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  if (!(await page.evaluate('"axe" in globalThis'))) await page.evaluate(axe.source)
  const found = []
  for (const [colorScheme, runOnly] of [
    ['dark', contrast],
    ['light', wcag],
  ] as const) {
    await page.emulateMedia({ colorScheme })
    await page.locator(`html[data-theme=${colorScheme}]`).waitFor()
    const options = JSON.stringify({ runOnly, resultTypes: ['violations'] })
    const { violations } = (await page.evaluate(`axe.run(${options})`)) as AxeResults
    for (const { id, nodes } of violations)
      for (const { target, failureSummary = '' } of nodes)
        found.push(`${colorScheme}: ${id} at ${target.join(' ')}: ${failureSummary.replaceAll(/\s+/g, ' ')}`)
  }
  return found
}
