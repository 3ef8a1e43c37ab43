import { csv } from '@muster/config'
import { getDomain } from 'tldts'

/** Schema of the environment variable that lists allowed origins. Each is converted to the form in which browsers send it. */
export const corsOrigins = () =>
  csv().transform((entries, ctx) =>
    entries.map((entry, index) => {
      const read = readOrigin(entry)
      // Names the position and not the entry, which may be a secret that was set by mistake.
      if ('fault' in read) ctx.addIssue(`entry ${index + 1} ${read.fault}`)
      return 'origin' in read ? read.origin : ''
    }),
  )

const example = 'such as https://app.example.com'

/** Parses an origin: lower-cases it, converts international names to A-labels, and removes the default port and a slash at the end. */
function readOrigin(entry: string): { origin: string } | { fault: string } {
  if (entry.includes('*')) return { fault: `has a wildcard; write each origin by itself, ${example}` }
  if (entry.toLowerCase() === 'null')
    return { fault: `is null, the origin of sandboxed pages and local files; write an origin, ${example}` }
  if (!/^https?:\/\//i.test(entry))
    return { fault: `does not begin with https:// (or http://); write it as an origin, ${example}` }
  const url = URL.parse(entry)
  if (!url) return { fault: `is no origin; write scheme and host, ${example}, and commas between origins` }
  if (url.pathname !== '/' || /[?#@]/.test(entry))
    return { fault: `is more than an origin; write scheme, host and port alone, ${example}` }
  return { origin: url.origin }
}

/** Tests whether the host of a URL is this machine: `localhost`, a name below it, `127.0.0.0/8` or `[::1]`. */
export const isLoopback = ({ hostname }: URL): boolean =>
  /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)

/**
 * Tests whether browsers send the cookies of one URL with requests from a page of the other: same scheme, and the same registrable
 * domain by the public suffix list, or the same host where there is none (HTML, "schemelessly same site" and "same site").
 */
export function isSameSite(one: URL, other: URL): boolean {
  if (one.protocol !== other.protocol) return false
  if (one.hostname === other.hostname) return true
  const domain = getDomain(one.hostname, { allowPrivateDomains: true })
  return domain !== null && domain === getDomain(other.hostname, { allowPrivateDomains: true })
}
