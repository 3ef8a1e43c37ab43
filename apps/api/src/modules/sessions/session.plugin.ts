import fastifyCookie from '@fastify/cookie'
import { DomainError } from '@muster/errors'
import { type Role, rolesWith } from '@muster/policy'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Context } from '../../context.ts'
import { type Actor, originOf } from '../../http/actor.ts'
import type { Viewer } from '../../http/first-loads.ts'
import type { AccessClaims, AccessTokens } from './access-tokens.ts'
import { readTokenHolder, refreshSession } from './refresh-session.ts'
import type { SessionGrant } from './session-grant.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The principal; set only on routes whose access is not `public`, and on those that `authenticatesOptionally`. */
    actor: Actor
    /** The error that refuses the request; thrown after the rate limits have counted it. */
    refusal: Error | null
    /** The tokens by which this request's session was renewed; null when it was not. Their cookies are set. */
    renewal: SessionGrant | null
    /** The received device cookie, unverified. */
    readonly deviceCookie: string | undefined
    /** The received refresh token, unverified. */
    readonly refreshCookie: string | undefined
  }
  interface FastifyContextConfig {
    /** The callers that the route permits: all, all signed-in users, or these roles. Required on every route. */
    access?: 'public' | 'signed-in' | readonly Role[]
    /** Also permits users who lack the second factor that their organization requires. */
    isOpenWithoutFactor?: true
    /** Authenticates the request although the route is public, for {@link requireActor}. */
    authenticatesOptionally?: true
  }
}

export type SessionCookies = {
  set(reply: FastifyReply, grant: SessionGrant): void
  /** Sets the cookie of the access token alone. */
  setAccess(reply: FastifyReply, grant: Pick<SessionGrant, 'accessToken' | 'expiresAt'>): void
  /** Returns the `Set-Cookie` lines of {@link set}, for an answer that Fastify does not send. */
  linesOf(reply: FastifyReply, grant: SessionGrant): string[]
  clear(reply: FastifyReply): void
  /** Tells whether the request has a cookie of a session, valid or not. */
  areReceived(request: FastifyRequest): boolean
  readRefreshToken(request: FastifyRequest): string | undefined
}

type Options = { context: Context & { cookies: { accessName: string; deviceName: string } } }

/** How long browsers keep the cookie of a device on which its user has signed in before. */
const deviceMaxAgeSeconds = 365 * 86_400

/**
 * Creates the writers and readers of the two session cookies, and of the device cookie, which outlives the session. Over
 * https their names have the prefix `__Host-` (RFC 6265bis).
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
  const accessCookie = ({ accessToken, expiresAt }: Pick<SessionGrant, 'accessToken' | 'expiresAt'>) =>
    [accessName, accessToken, { ...attributes, maxAge: secondsUntil(expiresAt) }] as const
  const cookiesOf = ({ refreshToken, device, ...grant }: SessionGrant) => [
    accessCookie(grant),
    [refreshName, refreshToken, { ...attributes, maxAge: secondsUntil(grant.expiresAt) }] as const,
    ...(device ? [[deviceName, device, { ...attributes, maxAge: deviceMaxAgeSeconds }] as const] : []),
  ]
  return {
    accessName,
    deviceName,
    setAccess: (reply, grant) => void reply.setCookie(...accessCookie(grant)),
    set(reply, grant) {
      for (const cookie of cookiesOf(grant)) reply.setCookie(...cookie)
    },
    linesOf: ({ server }, grant) => cookiesOf(grant).map((cookie) => server.serializeCookie(...cookie)),
    clear(reply) {
      reply.clearCookie(accessName, attributes)
      reply.clearCookie(refreshName, attributes)
    },
    areReceived: ({ cookies }) => cookies[accessName] !== undefined || cookies[refreshName] !== undefined,
    readRefreshToken: (request) => request.cookies[refreshName],
  }
}

/**
 * Creates a function that tells whose page a request opens, as the access token says, even an outdated one: what it leads to is only loaded earlier.
 * Undefined for visitors, and for those who must set up a second factor first.
 */
export const viewersBy =
  (accessTokens: AccessTokens, { accessName }: { accessName: string }) =>
  ({ cookies }: FastifyRequest): Viewer | undefined => {
    const actor = accessTokens.read(cookies[accessName] ?? '')?.actor
    if (!actor || actor.lacksFactor) return undefined
    return rolesWith('diagnostics.read').includes(actor.role) ? 'operator' : 'user'
  }

/** Returns the actor on a public route that `authenticatesOptionally`. @throws DomainError UNAUTHENTICATED, or any other refusal */
export function requireActor({ actor, refusal }: FastifyRequest): Actor {
  if (refusal) throw refusal
  if (!actor) throw new DomainError('UNAUTHENTICATED')
  return actor
}

/**
 * Refuses a request that names another user in `X-User-Id` than the one who is signed in: a tab that was opened by one user must not act
 * for the one who has signed in since.
 * @throws DomainError SESSION_REVOKED
 */
function assertExpectedUser({ headers }: FastifyRequest, { userId }: Actor): void {
  const expected = headers['x-user-id']
  if (expected === undefined || expected === userId) return
  throw new DomainError('SESSION_REVOKED', {
    message: 'Another user has signed in here. Reload to go on as that user.',
  })
}

/** About 10 MB; the oldest are removed first. */
const maxRemembered = 10_000

/**
 * Authenticates the requests of every route that is not public: sets `request.actor` from the access token. When the token
 * has expired or its claims are outdated, a valid refresh token renews it within the same request. HEAD, which must have no
 * effect, only reads the holder of the refresh token.
 */
export const sessionPlugin = fp(async (app: FastifyInstance, { context }: Options) => {
  const { cookies, revocations, clock } = context
  const readToken = rememberVerified(context.accessTokens.read)
  await app.register(fastifyCookie)
  // Overrides the route: a response that sets cookies, e.g. a file served while they were renewed, must not be cached.
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (reply.hasHeader('set-cookie')) reply.header('cache-control', 'no-store')
    done()
  })
  app.decorateRequest('actor', null as unknown as Actor)
  app.decorateRequest('refusal', null)
  app.decorateRequest('renewal', null)
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
    const undeclared = routes
      .filter(({ config }) => !config?.access)
      .map(({ method, url }) => `${String(method)} ${url}`)
    if (undeclared.length > 0) throw new Error(`These routes declare no config.access: ${undeclared.join(', ')}`)
  })

  // Takes a callback instead of returning a promise, so that a request with a valid access token waits for nothing.
  app.addHook('onRequest', (request, reply, done) => {
    const { access, authenticatesOptionally } = request.routeOptions.config
    if (access === undefined || (access === 'public' && !authenticatesOptionally)) return done()
    if (revocations.isFresh()) return identify(request, reply, done)
    // Without current revocations no request can be authenticated.
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
  // Runs after the rate limits, which count refused requests too.
  app.addHook('preParsing', (request, _reply, payload, done) => {
    const isPublic = request.routeOptions.config.access === 'public'
    done(isPublic ? null : request.refusal, payload)
  })

  /** Sets `request.actor`, or `request.refusal`. */
  function identify(request: FastifyRequest, reply: FastifyReply, done: () => void): void {
    const { access, isOpenWithoutFactor } = request.routeOptions.config
    const admit = (actor: Actor) => {
      request.actor = actor
      assertExpectedUser(request, actor)
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

  /** Reads the actor from the access token; undefined when the token must be renewed first. */
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
    request.renewal = grant
    return grant.actor
  }
})

/**
 * Remembers the claims of verified tokens by their whole text, since the claims of a signed text cannot change. Expiry and
 * revocation are checked at each use. Tokens that fail are not remembered.
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
