import type { Clock } from '@muster/db'
import { seal, unseal } from '@muster/security'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Config } from '../../../config.ts'
import { readJson } from '../../../http/read-json.ts'
import { tabCookies } from '../../../http/tab-cookies.ts'

const flow = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  /** Of PKCE (RFC 7636): only who has it can redeem the code that the issuer hands out. */
  verifier: z.string(),
  inviteToken: z.string().optional(),
  rememberMe: z.boolean(),
  startedAtMs: z.int(),
})

/** A way to the issuer and back that a browser has begun. */
export type Flow = z.infer<typeof flow>

export type FlowCookies = {
  set(request: FastifyRequest, reply: FastifyReply, flow: Flow): void
  /**
   * Returns the flow that this browser began with this state, not too long ago, and removes its cookie. A state that the
   * browser holds no flow for changes nothing: flows of other tabs go on.
   */
  take(request: FastifyRequest, reply: FastifyReply, state: string | undefined): Flow | undefined
}

export const flowTtlSeconds = 600
/** The state is part of it: the value of another flow's cookie does not open. */
const sealContext = (state: string) => `oidc-flow:${state}`
/** Key id and sealed flow. */
const shape = /^([a-z0-9_-]{1,16})\.([\w-]+)$/

/**
 * Keeps each flow in the browser that began it, sealed. That is what stops somebody from having others sign in with a code
 * of theirs: it only fits the browser in which they began. `Lax`, because the issuer's answer comes from another site.
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
