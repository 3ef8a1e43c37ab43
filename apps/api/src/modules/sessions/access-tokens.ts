import fastifyJwt from '@fastify/jwt'
import type { KeyRing } from '@muster/config'
import type { Clock } from '@muster/db'
import { roleSchema } from '@muster/policy'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Actor } from '../../http/actor.ts'
import { exactId } from '../../http/fields.ts'

export type AccessClaims = { actor: Actor; issuedAtMs: number; expiresAtMs: number }

export type AccessTokens = {
  sign(actor: Actor): string
  /** The claims of a token that one of our keys signed for this API, expired or not; undefined for anything else. */
  read(token: string): AccessClaims | undefined
}

const seconds = z.int().min(0).max(8_640_000_000_000)
/** The claims of every access token. A token that lacks or misspells one is refused, whoever signed it. */
const claimsOf = (issuer: string, clock: Clock) =>
  z
    .object({
      iss: z.literal(issuer),
      aud: z.literal(issuer),
      sub: exactId,
      sid: exactId,
      org: exactId.nullable(),
      role: roleSchema,
      /** Stands only where a required second factor is missing. */
      nof: z.literal(true).optional(),
      iat: seconds,
      exp: seconds,
    })
    // Revocations are remembered for as long as our tokens live, and compared with when those were issued.
    .refine(({ iat, exp }) => exp > iat && exp - iat <= accessTokenTtlMs / 1_000)
    .refine(({ iat }) => iat * 1_000 <= clock.now().getTime() + maxAheadMs)

type Signer = { sign(payload: object): string; verify(token: string): unknown }

export const accessTokenTtlMs = 15 * 60 * 1_000
/** How much the clock of another instance may be ahead of this one's. */
const maxAheadMs = 60_000

/**
 * JWTs (RFC 7519) with HS256 and a key id. Each key has a verifier of its own, chosen by the token's whole header: it is
 * the same text for all tokens of a key, so neither another algorithm nor another header field can get in.
 */
export async function createAccessTokens(
  app: FastifyInstance,
  { keys, issuer, clock }: { keys: KeyRing; issuer: string; clock: Clock },
): Promise<AccessTokens> {
  const claims = claimsOf(issuer, clock)
  const byHeader = new Map<string, Signer>()
  for (const [kid, key] of keys.keys) {
    await app.register(fastifyJwt, {
      namespace: kid,
      secret: key,
      sign: { algorithm: 'HS256', kid, iss: issuer, aud: issuer },
      // No cache: it costs more than it saves. The time is checked by our clock, and the claims by their schema: the
      // library passes over an issuer and audience that are missing.
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
