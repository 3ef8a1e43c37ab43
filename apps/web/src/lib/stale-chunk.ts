const mark = 'muster-reloaded-for'
/** How long to wait before each further try for a part. */
const delaysMs = [300, 1_000, 2_500]

/** A part of the pages that the server does not have, also after some time. Loading the whole page again is all that can help. */
export class MissingPartError extends Error {}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/**
 * Loads a part of the pages, and tries again while the server does not have it: during a rolling restart another process may. The build puts this
 * around each `import()`. @throws MissingPartError and not that of the browser, for which the router reloads the page, also without end
 */
export async function importWithRetries<T>(load: () => Promise<T>): Promise<T> {
  let delays = delaysMs
  for (;;) {
    try {
      return await load()
    } catch (cause) {
      const [delayMs, ...others] = delays
      if (delayMs === undefined) throw new MissingPartError('A part of the page cannot be loaded.', { cause })
      await wait(delayMs)
      delays = others
    }
  }
}

/**
 * Loads the page again, once, when a part of it stays missing at the server: a newer release has other parts. Without a connection nothing would be
 * gained, and what was typed lost. What the router cannot load it shows as an error, whose next step is the same.
 */
export function reloadOnStaleChunk(): void {
  addEventListener('vite:preloadError', (event) => {
    if (!navigator.onLine) return
    const asked = location.pathname + location.search
    try {
      if (sessionStorage.getItem(mark) === asked) return
      sessionStorage.setItem(mark, asked)
    } catch {
      // Without storage a second reload could follow the first for ever.
      return
    }
    event.preventDefault()
    location.reload()
  })
}
