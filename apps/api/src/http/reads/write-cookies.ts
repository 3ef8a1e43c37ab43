import { randomBytes } from 'node:crypto'
import type { Clock, WalPosition } from '@muster/db'
import { readSignedText, signText } from '@muster/security/signed-text'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'

/**
 * The part of the write-ahead log that a server must have replayed so that the caller sees their own writes: up to a position, or
 * everything up to now, which only the primary has.
 */
export type Needed = WalPosition | 'everything'

/** Cookies that tell in which place of Postgres' log the caller's last writes are. */
export type WriteCookies = {
  /** Reads what the caller needs; 0 for a caller who has written nothing of late. */
  neededBy(request: FastifyRequest): Needed
  /** Returns the cookie of this process in the request, not verified. */
  ownIn(request: FastifyRequest): string | undefined
  /** Sets the cookie of this process. @returns its value */
  setPosition(reply: FastifyReply, position: WalPosition): string
  /** Sets the cookie that is common to all processes, by which lists come from the primary. */
  setEverything(reply: FastifyReply): void
}

const purpose = 'written'
/** A replica that is further behind is not used at all, so that a cookie need not live longer than a second and some. */
const ttlSeconds = 2
/** A browser sends a cookie of this age when its answer was long on its way; a client that keeps it for longer ignores its end. */
const maxAgeMs = 60_000
/** Each process sets one; more come from nobody but an attacker. */
const maxCookies = 40
const shape = /^(all|[0-9a-z]{1,13})\.([0-9a-z]{1,11})$/

/**
 * Creates the writers and readers of these cookies. The answers of two processes may arrive in either order, so each process has a
 * cookie of its own.
 */
export function createWriteCookies({ config, clock }: { config: Config; clock: Clock }): WriteCookies {
  const { isSecure } = config.cookies
  const ring = config.keys.cookie
  const prefix = `${isSecure ? '__Host-' : ''}muster_lsn_`
  const ownName = prefix + randomBytes(4).toString('hex')
  const commonName = `${prefix}all`
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure, maxAge: ttlSeconds } as const
  const sign = (what: string) => signText(ring, purpose, `${what}.${clock.now().getTime().toString(36)}`)

  const read = (value: string): Needed => {
    const [, what, at] = shape.exec(readSignedText(ring, purpose, value) ?? '') ?? []
    if (!what || !at) return 0
    const ageMs = clock.now().getTime() - Number.parseInt(at, 36)
    if (ageMs > maxAgeMs) return 0
    return what === 'all' || ageMs > ttlSeconds * 1_000 ? 'everything' : Number.parseInt(what, 36)
  }

  return {
    neededBy({ cookies }) {
      let needed = 0
      let count = 0
      for (const name in cookies) {
        if (!name.startsWith(prefix)) continue
        const one = ++count > maxCookies ? 'everything' : read(cookies[name] as string)
        if (one === 'everything') return one
        needed = Math.max(needed, one)
      }
      return needed
    },
    ownIn: ({ cookies }) => cookies[ownName],
    setPosition(reply, position) {
      const value = sign(position.toString(36))
      reply.setCookie(ownName, value, attributes)
      return value
    },
    setEverything: (reply) => void reply.setCookie(commonName, sign('all'), attributes),
  }
}
