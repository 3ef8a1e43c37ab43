import { createHash } from 'node:crypto'
import type { Clock } from '@muster/db'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

/** Cookies of which a browser keeps several at a time: one for each flow that one of its tabs has begun. */
export type TabCookies = {
  /** Sets the cookie of this flow. The oldest ones are removed, so that at most {@link maxPerBrowser} stay. */
  set(request: FastifyRequest, reply: FastifyReply, id: string, value: string): void
  /** Returns the value that this flow's cookie holds, unverified. */
  read(request: FastifyRequest, id: string): string | undefined
  /** Removes the cookie of this flow and leaves those of all others. */
  clear(reply: FastifyReply, id: string): void
}

/** Together they stay far below the 16 KiB that Node takes as headers. */
export const maxPerBrowser = 5

/** The time at which the flow began, which decides which one is the oldest, and the value. */
const shape = /^([0-9a-z]{1,11})\.(.+)$/

/**
 * Creates cookies named `<name>_<digest of the flow's id>`. Each flow has a cookie of its own, because one that holds
 * them all would be overwritten by whichever of two parallel answers comes last.
 * @param options.name without the `__Host-` prefix, which is added over https
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
