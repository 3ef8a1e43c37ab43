import type { Clock } from '@muster/db'
import { seal, unseal } from '@muster/security'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import { readJson } from '../../plugins/read-json.ts'

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

export type FlowCookie = {
  set(reply: FastifyReply, flow: Flow): void
  /** The flow that this browser began last and not too long ago. Takes the cookie away, whatever it held. */
  take(request: FastifyRequest, reply: FastifyReply): Flow | undefined
}

export const flowTtlSeconds = 600
const sealContext = 'oidc-flow'
/** Key id and sealed flow. */
const shape = /^([a-z0-9_-]{1,16})\.([\w-]+)$/

/**
 * Keeps a flow in the browser that began it, sealed. That is what stops somebody from having others sign in with a code
 * of theirs: it only fits the browser in which they began. `Lax`, because the issuer's answer comes from another site.
 */
export function flowCookie({ config, clock }: { config: Config; clock: Clock }): FlowCookie {
  const name = `${config.cookies.isSecure ? '__Host-' : ''}muster_oidc`
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: config.cookies.isSecure } as const
  const ring = config.keys.encryption
  return {
    set(reply, flow) {
      const { keyId, sealed } = seal(ring, Buffer.from(JSON.stringify(flow)), sealContext)
      reply.setCookie(name, `${keyId}.${sealed.toString('base64url')}`, { ...attributes, maxAge: flowTtlSeconds })
    },
    take(request, reply) {
      const value = request.cookies[name]
      reply.clearCookie(name, attributes)
      const opened = value === undefined ? undefined : open(value)
      const isYoung = opened && clock.now().getTime() < opened.startedAtMs + flowTtlSeconds * 1_000
      return isYoung ? opened : undefined
    },
  }

  function open(value: string): Flow | undefined {
    const [, keyId = '', sealed = ''] = shape.exec(value) ?? []
    try {
      const plain = unseal(ring, { keyId, sealed: Buffer.from(sealed, 'base64url') }, sealContext)
      return readJson(flow, plain.toString())
    } catch {
      return undefined
    }
  }
}
