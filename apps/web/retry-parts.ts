import { join } from 'node:path'
import type { Plugin } from 'vite'

const original = 'return baseModule().catch(handlePreloadError)'

/** Lets each `import()` of a built page try again (`importWithRetries`), where Vite itself only tells that it failed. */
export const retryParts: Plugin = {
  name: 'muster:retry-parts',
  apply: 'build',
  transform: {
    filter: { id: /vite\/preload-helper/ },
    handler(code) {
      if (!code.includes(original)) throw new Error('Vite loads parts in another way than retry-parts.ts knows.')
      const from = JSON.stringify(join(import.meta.dirname, 'src/lib/stale-chunk.ts'))
      return `import { importWithRetries } from ${from}\n${code.replace(original, 'return importWithRetries(baseModule).catch(handlePreloadError)')}`
    },
  },
}
