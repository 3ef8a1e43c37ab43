import type { Clock } from '@muster/db'
import { seal, unseal } from '@muster/security/seal'
import { readJson } from '@muster/text'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Config } from '../../../config.ts'
import { tabCookies } from '../../../http/tab-cookies.ts'

const flow = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  /** The verifier of PKCE (RFC 7636), without which the issuer's code cannot be redeemed. */
  verifier: z.string(),
  inviteToken: z.string().optional(),
  rememberMe: z.boolean(),
  startedAtMs: z.int(),
})

/** An authorization flow that a browser has begun. */
export type Flow = z.infer<typeof flow>

export type FlowCookies = {
  /** Keeps the flow in the browser. */
  set(request: FastifyRequest, reply: FastifyReply, flow: Flow): void
  /**
   * Returns the flow that this browser began with this state in the last 10 minutes, and removes its cookie. For an unknown
   * state it removes nothing, so that the flows of other tabs continue.
   */
  take(request: FastifyRequest, reply: FastifyReply, state: string | undefined): Flow | undefined
}

export const flowTtlSeconds = 600
/** The context contains the state, so that the value of another flow's cookie cannot be unsealed. */
const sealContext = (state: string) => `oidc-flow:${state}`
/** The key id and the sealed flow. */
const shape = /^([a-z0-9_-]{1,16})\.([\w-]+)$/

/**
 * Creates the cookies that keep each flow, sealed, in the browser that began it. They prevent login CSRF: an attacker's
 * code is accepted only in the browser in which the attacker began the flow. They are `Lax`, because the issuer redirects
 * from another site.
 */
export function flowCookies(context: { config: Config; clock: Clock }): FlowCookies {
  const { config, clock } = context
  const cookies = tabCookies(context, { name: 'muster_flow', ttlSeconds: flowTtlSeconds })
  const ring = config.keys.encryption
  return {
    set(request, reply, begun) {
      const { keyId, sealed } = seal(ring, Buffer.from(JSON.stringify(begun)), sealContext(begun.state))
      cookies.set(request, reply, begun.state, `${keyId}.${sealed.toString('base64url')}`)
    },
    take(request, reply, state) {
      const value = state === undefined ? undefined : cookies.read(request, state)
      if (state === undefined || value === undefined) return undefined
      cookies.clear(reply, state)
      const opened = open(value, state)
      const isYoung = opened && clock.now().getTime() < opened.startedAtMs + flowTtlSeconds * 1_000
      return isYoung ? opened : undefined
    },
  }

  function open(value: string, state: string): Flow | undefined {
    const [, keyId = '', sealed = ''] = shape.exec(value) ?? []
    try {
      const plain = unseal(ring, { keyId, sealed: Buffer.from(sealed, 'base64url') }, sealContext(state))
      return readJson(flow, plain.toString())
    } catch {
      return undefined
    }
  }
}
