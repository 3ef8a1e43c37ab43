const mark = 'muster-reloaded-for'

/**
 * Loads the page again, once, when a part of it is missing at the server: a newer release has other parts. What the router cannot load it
 * shows as an error, whose next step is the same.
 */
export function reloadOnStaleChunk(): void {
  addEventListener('vite:preloadError', (event) => {
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
