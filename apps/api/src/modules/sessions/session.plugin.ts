import fastifyCookie from '@fastify/cookie'
import { DomainError } from '@muster/errors'
import type { Role } from '@muster/policy'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Context } from '../../context.ts'
import { type Actor, originOf } from '../../http/actor.ts'
import type { AccessClaims, AccessTokens } from './access-tokens.ts'
import { readTokenHolder, refreshSession } from './refresh-session.ts'
import type { SessionGrant } from './session-grant.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is acting; only routes whose access is not `public` have one. */
    actor: Actor
    /** Why nobody may act; thrown once the request was counted. */
    refusal: Error | null
    /** The device cookie as it came, unchecked. */
    readonly deviceCookie: string | undefined
    /** The refresh token as it came, unchecked. */
    readonly refreshCookie: string | undefined
  }
  interface FastifyContextConfig {
    /** Who may call the route: anybody, whoever is signed in, or these roles. Every route says it. */
    access?: 'public' | 'signed-in' | readonly Role[]
    /** Also for somebody who lacks the second factor that their organization requires. */
    isOpenWithoutFactor?: true
    /** On a public route: who is signed in is looked up all the same, for {@link requireActor}. */
    asksWhoActs?: true
  }
}

export type SessionCookies = {
  set(reply: FastifyReply, grant: SessionGrant): void
  /** The access token alone. */
  setAccess(reply: FastifyReply, grant: Pick<SessionGrant, 'accessToken' | 'expiresAt'>): void
  clear(reply: FastifyReply): void
  readRefreshToken(request: FastifyRequest): string | undefined
}

type Options = { context: Context & { cookies: { accessName: string; deviceName: string } } }

/** As long as browsers keep the cookie that tells a device on which its person signed in before. */
const deviceMaxAgeSeconds = 365 * 86_400

/**
 * Names and attributes of the two session cookies, and of the one that stays when a session ends. Over https they carry
 * the `__Host-` prefix (RFC 6265bis).
 */
export function sessionCookies({
  isSecure,
  now,
}: {
  isSecure: boolean
  now: () => Date
}): SessionCookies & { accessName: string; deviceName: string } {
  const prefix = isSecure ? '__Host-' : ''
  const accessName = `${prefix}muster_at`
  const refreshName = `${prefix}muster_rt`
  const deviceName = `${prefix}muster_device`
  const attributes = { path: '/', httpOnly: true, sameSite: 'lax', secure: isSecure } as const
  const secondsUntil = (end: Date) => Math.max(0, Math.floor((end.getTime() - now().getTime()) / 1_000))
  const setAccess: SessionCookies['setAccess'] = (reply, { accessToken, expiresAt }) => {
    reply.setCookie(accessName, accessToken, { ...attributes, maxAge: secondsUntil(expiresAt) })
  }
  return {
    accessName,
    deviceName,
    setAccess,
    set(reply, { refreshToken, device, ...grant }) {
      setAccess(reply, grant)
      reply.setCookie(refreshName, refreshToken, { ...attributes, maxAge: secondsUntil(grant.expiresAt) })
      if (device) reply.setCookie(deviceName, device, { ...attributes, maxAge: deviceMaxAgeSeconds })
    },
    clear(reply) {
      reply.clearCookie(accessName, attributes)
      reply.clearCookie(refreshName, attributes)
    },
    readRefreshToken: (request) => request.cookies[refreshName],
  }
}

/** Who acts on a route that is public and `asksWhoActs`. @throws DomainError UNAUTHENTICATED and all else that keeps one out */
export function requireActor({ actor, refusal }: FastifyRequest): Actor {
  if (refusal) throw refusal
  if (!actor) throw new DomainError('UNAUTHENTICATED')
  return actor
}

/** About 10 MB; the oldest go first. */
const maxRemembered = 10_000

/**
 * Cookie → `request.actor`, on every route that is not public. An access token that ran out, or whose claims are out of
 * date, is renewed on the way when the refresh token is good. HEAD only reads who holds that one.
 */
export const sessionPlugin = fp(async (app: FastifyInstance, { context }: Options) => {
  const { cookies, revocations, clock } = context
  const readToken = rememberVerified(context.accessTokens.read)
  await app.register(fastifyCookie)
  // Whatever a route says of its content: an answer with cookies, e.g. a file served while they were renewed, is kept nowhere.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (reply.hasHeader('set-cookie')) reply.header('cache-control', 'no-store')
    done()
  })
  app.decorateRequest('actor', null as unknown as Actor)
  app.decorateRequest('refusal', null)
  app.decorateRequest('deviceCookie', {
    getter() {
      return this.cookies[cookies.deviceName]
    },
  })
  app.decorateRequest('refreshCookie', {
    getter() {
      return cookies.readRefreshToken(this)
    },
  })
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => void routes.push(route))
  app.addHook('onReady', async () => {
    const silent = routes.filter(({ config }) => !config?.access).map(({ method, url }) => `${String(method)} ${url}`)
    if (silent.length > 0)
      throw new Error(`These routes don't say who may call them (config.access): ${silent.join(', ')}`)
  })

  // With a callback: the usual request, whose access token is good, waits for nothing.
  app.addHook('onRequest', (request, reply, done) => {
    const { access, asksWhoActs } = request.routeOptions.config
    if (access === undefined || (access === 'public' && !asksWhoActs)) return done()
    if (revocations.isFresh()) return identify(request, reply, done)
    // Without news of revoked sessions nobody can be let in.
    const refusal = new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: 2 })
    revocations
      .whenFresh()
      .then((isFresh) => {
        if (isFresh) return identify(request, reply, done)
        if (access !== 'public') return done(refusal)
        request.refusal = refusal
        done()
      })
      .catch(done)
  })
  // After the limits: who is refused is counted like everybody.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const isPublic = request.routeOptions.config.access === 'public'
    done(isPublic ? null : request.refusal, payload)
  })

  /** Finds who acts, or notes why nobody may. */
  function identify(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const { access, isOpenWithoutFactor } = request.routeOptions.config
    const admit = (actor: Actor) => {
      request.actor = actor
      if (actor.lacksFactor && !isOpenWithoutFactor) throw new DomainError('TWO_FACTOR_REQUIRED')
      if (typeof access !== 'string' && !access?.includes(actor.role)) throw new DomainError('FORBIDDEN')
    }
    const refuse = (error: Error) => {
      request.refusal = error
    }
    try {
      const actor = actorOf(request)
      if (actor) admit(actor)
      else
        return void renew(request, reply)
          .then(admit)
          .catch(refuse)
          .then(() => done())
    } catch (error) {
      refuse(error as Error)
    }
    done()
  }

  /** Whom the access token names; undefined when it must be renewed first. */
  function actorOf(request: FastifyRequest): Actor | undefined {
    const token = request.cookies[cookies.accessName]
    const claims = token ? readToken(token) : undefined
    if (!claims) return undefined
    const verdict = revocations.verdict(claims.actor.sessionId, claims.issuedAtMs)
    if (verdict === 'revoked') throw new DomainError('SESSION_REVOKED')
    return verdict === 'good' && claims.expiresAtMs > clock.now().getTime() ? claims.actor : undefined
  }

  async function renew(request: FastifyRequest, reply: FastifyReply): Promise<Actor> {
    const refreshToken = cookies.readRefreshToken(request)
    if (!refreshToken) throw new DomainError('UNAUTHENTICATED')
    if (request.method === 'HEAD') return readTokenHolder(context, refreshToken)
    const grant = await refreshSession(context, refreshToken, originOf(request))
    cookies.set(reply, grant)
    return grant.actor
  }
})

/**
 * Verifies a token once and then knows it by its whole text: what a signed text says can't change. Whether it ran out or
 * was revoked is asked anew each time. Nothing that failed is remembered.
 */
function rememberVerified(read: AccessTokens['read']): AccessTokens['read'] {
  const verified = new Map<string, AccessClaims>()
  return (token) => {
    const known = verified.get(token)
    if (known) return known
    const claims = read(token)
    if (!claims) return undefined
    if (verified.size >= maxRemembered) verified.delete(verified.keys().next().value as string)
    verified.set(token, claims)
    return claims
  }
}
