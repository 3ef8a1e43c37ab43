import { join } from 'node:path'
import type { Plugin } from 'vite'

const original = 'return baseModule().catch(handlePreloadError)'
const replacement =
  'return importWithRetries(baseModule).catch((error) => { handlePreloadError(error); return new Promise(() => {}) })'

/**
 * Lets each `import()` of a built page try again (`importWithRetries`), where Vite itself only tells that it failed. Where the page is loaded again because
 * of that, an import stays open: Vite would resolve it with nothing, in which the router would look for a component.
 */
export const retryParts: Plugin = {
  name: 'muster:retry-parts',
  apply: 'build',
  transform: {
    filter: { id: /vite\/preload-helper/ },
    handler(code) {
      if (!code.includes(original)) throw new Error('Vite loads parts in another way than retry-parts.ts knows.')
      const from = JSON.stringify(join(import.meta.dirname, 'src/lib/stale-chunk.ts'))
      return `import { importWithRetries } from ${from}\n${code.replace(original, replacement)}`
    },
  },
}
