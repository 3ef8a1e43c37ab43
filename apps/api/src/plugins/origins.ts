import fastifyCors from '@fastify/cors'
import { DomainError } from '@muster/errors'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Config } from '../config.ts'
import { isLoopback, isSameSite } from '../http/origins.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Refuses foreign pages also where the method is safe, because the answer begins a conversation. */
    refusesForeignPages?: true
  }
  interface FastifyRequest {
    /** Returns the absolute URL of a path on this server, as the client of this request reaches it. */
    urlOf(path: string): string
  }
}

type Origins = Pick<Config, 'publicUrl' | 'allowedOrigins' | 'allowsLoopback'>

const preflightCacheSeconds = 600
const usesCookies = /^\/(?:api|socket\.io)\//
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']
const exposedHeaders = [
  ...['etag', 'location', 'retry-after', 'x-request-id'],
  ...['content-disposition', 'content-range', 'accept-ranges'],
  ...['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset'],
]

/**
 * Decides which pages may send requests and read the answers (CORS), refuses unsafe requests of all others, and defines the address
 * of this server. In development, every page of this machine is allowed.
 */
export const originsPlugin = fp(async (app: FastifyInstance, { config }: { config: Origins }) => {
  warnOfForeignSites(app, config)
  app.decorateRequest('urlOf', function (this: FastifyRequest, path: string) {
    // Joined instead of parsed, because a list has many files. What is absolute already stays as it is.
    return path.startsWith('/') ? baseOf(this, config).origin + path : path
  })
  await app.register(fastifyCors, {
    // A client that sends no Origin does not read these headers.
    origin: (origin, answer) =>
      answer(null, origin === undefined ? false : isAllowed(origin, config) ? origin : [...config.allowedOrigins]),
    credentials: true,
    maxAge: preflightCacheSeconds,
    exposedHeaders,
    methods,
  })
  app.addHook('onRequest', (request, _reply, done) => {
    refuseForeign(request, config)
    done()
  })
})

/** Logs each allowed origin whose pages send no cookies, because browsers treat it as another site than the API. */
function warnOfForeignSites(app: FastifyInstance, { publicUrl, allowedOrigins }: Origins): void {
  for (const origin of allowedOrigins) {
    if (isSameSite(new URL(origin), publicUrl)) continue
    const fields = { component: 'http', origin, publicUrl: publicUrl.origin }
    app.log.warn(fields, 'allowed origin is another site than PUBLIC_URL, browsers send no cookies from its pages')
  }
}

/**
 * Refuses a request whose `Origin` or `Sec-Fetch-Site` names a foreign site. Browsers send one of these headers; a client
 * that sends neither is not a browser and attaches no cookies automatically.
 * @throws DomainError CROSS_ORIGIN
 */
function refuseForeign(request: FastifyRequest, config: Origins): void {
  const { origin, 'sec-fetch-site': site } = request.headers
  if (origin !== undefined && config.allowsLoopback) refuseWithoutCookies(request, origin, config)
  if (safeMethods.has(request.method) && !request.routeOptions.config.refusesForeignPages) return
  if (origin !== undefined) {
    if (!isAllowed(origin, config)) throw new DomainError('CROSS_ORIGIN')
  } else if (site !== undefined && site !== 'same-origin' && site !== 'same-site' && site !== 'none')
    throw new DomainError('CROSS_ORIGIN')
}

/**
 * Refuses a page of this machine that is another site than the address at which it calls the API: its browser sends no cookies, so
 * that each sign-in would seem to be lost. The page may read this refusal.
 */
function refuseWithoutCookies(request: FastifyRequest, origin: string, config: Origins): void {
  const page = loopbackUrl(origin)
  if (!page || request.method === 'OPTIONS' || !usesCookies.test(request.url)) return
  const base = baseOf(request, config)
  if (isSameSite(page, base)) return
  const better = new URL(page.origin)
  better.protocol = base.protocol
  better.hostname = base.hostname
  const message = `Browsers send no cookies from ${page.origin} to ${base.origin}, because these are different sites. Open the page at ${better.origin} instead.`
  throw new DomainError('CROSS_ORIGIN', { message })
}

const isAllowed = (origin: string, { allowedOrigins, allowsLoopback }: Origins) =>
  allowedOrigins.has(origin) || (allowsLoopback && loopbackUrl(origin) !== undefined)

/** Returns the origin as a URL when it is a page of this machine. */
function loopbackUrl(origin: string): URL | undefined {
  const url = /^https?:/.test(origin) ? URL.parse(origin) : null
  return url && url.origin === origin && isLoopback(url) ? url : undefined
}

/**
 * Returns the address of this server: PUBLIC_URL, or in development the loopback host at which the client reached it, whose cookies
 * the client has. The Host header is trusted nowhere else.
 */
function baseOf({ headers: { host } }: FastifyRequest, { publicUrl, allowsLoopback }: Origins): URL {
  if (!allowsLoopback || host === undefined) return publicUrl
  const reached = URL.parse(`${publicUrl.protocol}//${host}`)
  return reached && isLoopback(reached) ? reached : publicUrl
}
