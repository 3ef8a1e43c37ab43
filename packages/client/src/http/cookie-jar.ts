/** Keeps the cookies of the API where no browser does. */
export interface CookieJar {
  /** Returns the header `Cookie` for a request; empty without cookies. */
  headerFor(url: URL): string
  /** Stores the headers `Set-Cookie` of an answer. */
  store(url: URL, setCookies: readonly string[]): void
  clear(): void
  /** Returns what `createCookieJar` takes to continue in another process. It contains the session: keep it secret. */
  toJSON(): StoredCookie[]
}

export type StoredCookie = {
  name: string
  value: string
  host: string
  path: string
  isSecure: boolean
  /** Milliseconds since 1970; null for the time of this session. */
  expiresAtMs: number | null
}

/**
 * Creates a jar for the cookies that Muster sets: of one host, without `Domain` (RFC 6265, 5.2 and 5.4).
 * @param stored cookies of an earlier jar
 */
export function createCookieJar(stored: readonly StoredCookie[] = []): CookieJar {
  const cookies = new Map(stored.map((cookie) => [keyOf(cookie), cookie]))
  return {
    headerFor: (url) =>
      [...cookies.values()]
        .filter((cookie) => isSent(cookie, url))
        .map(({ name, value }) => `${name}=${value}`)
        .join('; '),
    store(url, setCookies) {
      for (const line of setCookies) {
        const cookie = parse(line, url)
        if (!cookie) continue
        if (isExpired(cookie)) cookies.delete(keyOf(cookie))
        else cookies.set(keyOf(cookie), cookie)
      }
    },
    clear: () => cookies.clear(),
    toJSON: () => [...cookies.values()].filter((cookie) => !isExpired(cookie)),
  }
}

const keyOf = ({ host, path, name }: StoredCookie) => `${host} ${path} ${name}`
const isExpired = ({ expiresAtMs }: StoredCookie) => expiresAtMs !== null && expiresAtMs <= Date.now()

/** Like browsers, takes this machine for a secure context without TLS. */
const isTrustworthy = ({ protocol, hostname }: URL) =>
  protocol === 'https:' || protocol === 'wss:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)

function isSent(cookie: StoredCookie, url: URL): boolean {
  const { host, path, isSecure } = cookie
  if (isExpired(cookie) || host !== url.hostname || (isSecure && !isTrustworthy(url))) return false
  return url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)
}

function parse(line: string, url: URL): StoredCookie | undefined {
  const [pair = '', ...parts] = line.split(';')
  const at = pair.indexOf('=')
  if (at < 1) return undefined
  const attributes = new Map(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=')
      return [name.trim().toLowerCase(), value.join('=').trim()]
    }),
  )
  const path = attributes.get('path')
  return {
    name: pair.slice(0, at).trim(),
    value: pair.slice(at + 1).trim(),
    host: url.hostname,
    path: path?.startsWith('/') ? path : '/',
    isSecure: attributes.has('secure'),
    expiresAtMs: expiryOf(attributes),
  }
}

function expiryOf(attributes: ReadonlyMap<string, string>): number | null {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1_000
  const expires = Date.parse(attributes.get('expires') ?? '')
  return Number.isNaN(expires) ? null : expires
}
