type TokenPage = 'accept-invite' | 'reset-password'

const inMemory = new Map<TokenPage, string>()
const keyOf = (page: TokenPage) => `muster-token-${page}`

/**
 * The token of a mailed link. It leaves the address at once, where histories, logs and other pages would see it, and stays for this tab
 * alone, so that the page can be loaded again.
 */
export const mailedToken = {
  get(page: TokenPage): string | null {
    try {
      return sessionStorage.getItem(keyOf(page)) ?? inMemory.get(page) ?? null
    } catch {
      return inMemory.get(page) ?? null
    }
  },
  /** Keeps what the address has as `token`; of several, the first. What is mangled the server can judge best. */
  set(page: TokenPage, value: unknown): void {
    const token = String(Array.isArray(value) ? value[0] : value).trim()
    if (token === '') return
    inMemory.set(page, token)
    try {
      sessionStorage.setItem(keyOf(page), token)
    } catch {
      // Without storage it stays in memory.
    }
  },
  clear(page: TokenPage): void {
    inMemory.delete(page)
    try {
      sessionStorage.removeItem(keyOf(page))
    } catch {
      // It was in memory alone.
    }
  },
}
