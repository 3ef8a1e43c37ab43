import { z } from 'zod'

/** A URL of a service: its schemes, its form for messages, and the variables that can be set instead. */
export type UrlForm = {
  protocol: RegExp
  form: string
  parts?: readonly string[]
  /** Tells what else is wrong with it, when it is no URL as browsers know them. */
  faultOf?: (text: string) => string | undefined
}

const encodings = '/ as %2F, # as %23, ? as %3F, @ as %40, : as %3A, % as %25, a blank as %20'

/** Parses the URL of a service, which may hold a password. Its faults name what to write, and no part of the value. */
export const serviceUrl = (about: UrlForm) =>
  z.string().transform((given, ctx) => {
    const text = given.trim()
    const fault = urlFault(text, about)
    if (fault) ctx.addIssue(fault)
    return text
  })

/** Returns what is wrong with a URL; undefined for a valid one. */
function urlFault(text: string, { protocol, form, parts, faultOf }: UrlForm): string | undefined {
  const write = `write it as ${form}`
  if (/^(["']).*\1$/.test(text)) return `is in quotation marks; ${write}, without them`
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*:)\/\/(.*)$/is.exec(text) ?? []
  if (!protocol.test(scheme.toLowerCase())) return `is no URL of this kind; ${write}`
  if (hasUnencodedCredentials(rest))
    return `its user name or password must be percent-encoded (${encodings})${parts ? `, or set ${parts.join(', ')} instead` : ''}; ${write}`
  if (faultOf) return faultOf(text)
  if (!URL.canParse(text)) return `is not a URL; ${write}`
  return undefined
}

/**
 * Tests whether the user name or password has a character that ends it early. `postgres://me:1#2@host` is a valid URL of a host
 * `me`, so that parsing alone does not find it. The query may have an `@`.
 */
function hasUnencodedCredentials(rest: string): boolean {
  const beforeQuery = rest.split(/\?(?=[\w.-]+=)/)[0] as string
  const at = beforeQuery.lastIndexOf('@')
  if (at < 0) return false
  const credentials = beforeQuery.slice(0, at)
  return /[/?#\s]/.test(credentials) || !isDecodable(credentials)
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
