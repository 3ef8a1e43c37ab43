import fastifyJwt from '@fastify/jwt'
import type { Clock } from '@muster/db'
import { roleSchema } from '@muster/policy'
import type { KeyRing } from '@muster/security/key-ring'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../http/actor.ts'
import { exactId } from '../../http/fields.ts'

export type AccessClaims = { actor: Actor; issuedAtMs: number; expiresAtMs: number }

export type AccessTokens = {
  /** Signs a token for the actor, valid for 15 minutes. */
  sign(actor: Actor): string
  /** Reads the claims of a token that a key of the ring signed for this API, even if expired; else undefined. */
  read(token: string): AccessClaims | undefined
}

const seconds = z.int().min(0).max(8_640_000_000_000)
/** Builds the schema of the claims. A token that lacks one or has an invalid one is refused, even with a valid signature. */
const claimsOf = (issuer: string, audience: string, clock: Clock) =>
  z
    .object({
      iss: z.literal(issuer),
      aud: z.literal(audience),
      sub: exactId,
      sid: exactId,
      org: exactId.nullable(),
      role: roleSchema,
      /** Present only when the user lacks the second factor that their organization requires. */
      nof: z.literal(true).optional(),
      iat: seconds,
      exp: seconds,
    })
    // Revocations are kept only for the lifetime of a token, and are compared with the time of issue.
    .refine(({ iat, exp }) => exp > iat && exp - iat <= accessTokenTtlMs / 1_000)
    .refine(({ iat }) => iat * 1_000 <= clock.now().getTime() + maxAheadMs)

type TokenOptions = {
  keys: KeyRing
  issuer: string
  /** Differs after each restore of the data; undefined before the first. The original may still issue tokens, whose sessions are unknown here. */
  restoreMark?: string | undefined
  clock: Clock
}

type Signer = { sign(payload: object): string; verify(token: string): unknown }

export const accessTokenTtlMs = 15 * 60 * 1_000
/** How far the clock of another instance may be ahead of this one's. */
const maxAheadMs = 60_000

/**
 * Creates the signer and reader of access tokens: JWTs (RFC 7519) with HS256 and a key id. Each key has a verifier of its
 * own, chosen by the token's whole header. That header is the same text for all tokens of a key, so no other algorithm and
 * no other header field is accepted.
 */
export async function createAccessTokens(
  app: FastifyInstance,
  { keys, issuer, restoreMark, clock }: TokenOptions,
): Promise<AccessTokens> {
  const audience = restoreMark === undefined ? issuer : `${issuer}#${restoreMark}`
  const claims = claimsOf(issuer, audience, clock)
  const byHeader = new Map<string, Signer>()
  for (const [kid, key] of keys.keys) {
    await app.register(fastifyJwt, {
      namespace: kid,
      secret: key,
      sign: { algorithm: 'HS256', kid, iss: issuer, aud: audience },
      // The library's cache costs more than it saves. Our clock checks the expiry, and the schema checks the claims, because
      // the library accepts a token without issuer and audience.
      verify: { algorithms: ['HS256'], ignoreExpiration: true, cache: false },
    })
  }
  const signerOf = (kid: string) => (app.jwt as unknown as Record<string, Signer>)[kid] as Signer
  for (const kid of keys.keys.keys()) {
    const sample = signerOf(kid).sign({ sub: '' })
    byHeader.set(sample.slice(0, sample.indexOf('.')), signerOf(kid))
  }
  const current = signerOf(keys.currentId)

  return {
    sign({ userId, sessionId, organizationId, role, lacksFactor }) {
      const iat = Math.floor(clock.now().getTime() / 1_000)
      return current.sign({
        sub: userId,
        sid: sessionId,
        org: organizationId,
        role,
        ...(lacksFactor && { nof: true }),
        iat,
        exp: iat + accessTokenTtlMs / 1_000,
      })
    },
    read(token) {
      const signer = byHeader.get(token.slice(0, token.indexOf('.')))
      if (!signer) return undefined
      try {
        const { sub, sid, org, role, nof, iat, exp } = claims.parse(signer.verify(token))
        const actor: Actor = {
          userId: sub,
          sessionId: sid,
          organizationId: org,
          role,
          ...(nof && { lacksFactor: nof }),
        }
        return { actor, issuedAtMs: iat * 1_000, expiresAtMs: exp * 1_000 }
      } catch {
        return undefined
      }
    },
  }
}
