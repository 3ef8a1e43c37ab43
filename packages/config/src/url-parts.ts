import { z } from 'zod'
import { int } from './fields.ts'

export const host = z
  .string()
  .trim()
  .regex(/^(?:[\w.-]+|\[?[\da-f:]*:[\da-f:.]+\]?)$/i, 'write a host name or address alone, without scheme and port')
export const port = (fallback: number) => int({ min: 1, max: 65_535, default: fallback })

/** Composes the beginning of a URL. User name and password are encoded. */
export function urlOf(
  scheme: string,
  user: string | undefined,
  password: string | undefined,
  at: string,
  atPort: number,
) {
  const address = at.startsWith('/') ? encode(at) : at.includes(':') && !at.startsWith('[') ? `[${at}]` : at
  return `${scheme}://${credentialsOf(user, password)}${address}:${atPort}`
}

export const encode = encodeURIComponent

/** Composes the query of a URL from the values that are set; empty when none is. */
export function queryOf(values: Record<string, string | undefined>): string {
  const given = Object.entries(values).flatMap(([key, value]) => (value ? [`${key}=${encode(value)}`] : []))
  return given.length > 0 ? `?${given.join('&')}` : ''
}

/** Composes the credentials before a host; empty when there are none. */
export const credentialsOf = (user: string | undefined, password: string | undefined): string =>
  user || password ? `${encode(user ?? '')}${password ? `:${encode(password)}` : ''}@` : ''
