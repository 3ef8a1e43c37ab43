import { createHash } from 'node:crypto'
import type { Clock } from '@muster/db'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

/** Cookies that let several tabs of a browser run a flow at the same time: each flow has its own cookie. */
export type TabCookies = {
  /** Sets the cookie of this flow, and clears the oldest ones above {@link maxPerBrowser}. */
  set(request: FastifyRequest, reply: FastifyReply, id: string, value: string): void
  /** Returns the value of this flow's cookie, not verified. */
  read(request: FastifyRequest, id: string): string | undefined
  /** Clears the cookie of this flow; the cookies of other flows stay. */
  clear(reply: FastifyReply, id: string): void
}

/** Their size stays far below the 16 KiB of headers that Node accepts. */
export const maxPerBrowser = 5

/** The start of the flow in base 36, to find the oldest cookie, and the value. */
const shape = /^([0-9a-z]{1,11})\.(.+)$/

/**
 * Creates the cookies `<name>_<digest of the flow's id>`. One cookie for all flows would lose one of them whenever two
 * responses arrive at the same time.
 * @param options.name without the prefix `__Host-`, which is added over https
 */
export function tabCookies(
  { config, clock }: { config: Config; clock: Clock },
  { name, ttlSeconds }: { name: string; ttlSeconds: number },
): TabCookies {
  const { isSecure } = config.cookies
  const prefix = `${isSecure ? '__Host-' : ''}${name}_`
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const
  const nameOf = (id: string) => prefix + createHash('sha256').update(id).digest('base64url').slice(0, 22)

  const startedAtMs = (value: string | undefined) => Number.parseInt(shape.exec(value ?? '')?.[1] ?? '0', 36)

  return {
    set(request, reply, id, value) {
      const own = nameOf(id)
      const others = Object.keys(request.cookies)
        .filter((other) => other.startsWith(prefix) && other !== own)
        .sort((a, b) => startedAtMs(request.cookies[b]) - startedAtMs(request.cookies[a]))
      for (const surplus of others.slice(maxPerBrowser - 1)) reply.clearCookie(surplus, attributes)
      const stamped = `${clock.now().getTime().toString(36)}.${value}`
      reply.setCookie(own, stamped, { ...attributes, maxAge: ttlSeconds })
    },
    read: (request, id) => shape.exec(request.cookies[nameOf(id)] ?? '')?.[2],
    clear(reply, id) {
      reply.clearCookie(nameOf(id), attributes)
    },
  }
}
