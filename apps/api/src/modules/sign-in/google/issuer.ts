import type { Logger } from '@muster/logger'
import * as oidc from 'openid-client'
import type { Config } from '../../../config.ts'
import { type Identity, identityOf, subjectOf } from './claims.ts'
import type { Flow } from './flow-cookie.ts'
import { GoogleError } from './google-errors.ts'

type Settings = NonNullable<Config['google']>

export type Issuer = {
  /** Builds the address of the issuer's sign-in page. @throws GoogleError unavailable */
  authorizationUrl(flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>): Promise<URL>
  /**
   * Redeems the code of the issuer's redirect for the user's identity.
   * @param callback the whole address to which the browser was redirected
   * @throws GoogleError access_denied, flow_invalid, unavailable, failed
   */
  identify(callback: URL, flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>): Promise<Identity>
}

const scope = 'openid email profile'
/** Short, because the user sees a blank page meanwhile. */
const requestTimeoutSeconds = 2.5
const metadataTtlMs = 3_600_000

/**
 * Creates a client of one OpenID Connect issuer, for authorization codes with PKCE, state and nonce. It sends no request
 * before its first use.
 */
export function createIssuer(settings: Settings, redirectUri: string, log: Logger): Issuer {
  const configuration = cachedDiscovery(settings, log)
  return {
    async authorizationUrl({ state, nonce, verifier }) {
      return oidc.buildAuthorizationUrl(await configuration(), {
        redirect_uri: redirectUri,
        scope,
        state,
        nonce,
        code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
    },
    async identify(callback, { state, nonce, verifier }) {
      const client = await configuration()
      try {
        // The library ignores an empty one; by RFC 9207 (2.4) it names another issuer.
        if (callback.searchParams.get('iss') === '') throw new Error('the parameter iss is empty')
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
        const tokens = await oidc.authorizationCodeGrant(client, callback, checks)
        return identityOf(settings.issuer, await readClaims(client, tokens))
      } catch (error) {
        throw toGoogleError(error)
      }
    },
  }
}

/** Creates the secrets of a new flow. */
export const newFlowSecrets = () => ({
  state: oidc.randomState(),
  nonce: oidc.randomNonce(),
  verifier: oidc.randomPKCECodeVerifier(),
})

/**
 * Caches the issuer's metadata, which is read at first use and then hourly, so that the start of the API does not depend on
 * the issuer. When it cannot be read again, the previous metadata stays in use. Failures are not cached.
 */
function cachedDiscovery(settings: Settings, log: Logger): () => Promise<oidc.Configuration> {
  let cached: { configuration: oidc.Configuration; readAtMs: number } | undefined
  let reading: Promise<oidc.Configuration> | undefined

  const read = async () => {
    const configuration = await discover(settings).catch((error: unknown) => {
      // Retried once, because the first request may have used a connection that was closing; a timeout is not retried.
      if (isTimeout(error)) throw error
      return discover(settings)
    })
    cached = { configuration, readAtMs: performance.now() }
    return configuration
  }

  return async () => {
    if (cached && performance.now() - cached.readAtMs < metadataTtlMs) return cached.configuration
    reading ??= read().finally(() => {
      reading = undefined
    })
    try {
      return await reading
    } catch (error) {
      log.warn(
        { component: 'google-sign-in', reason: reasonOf(error), issuer: settings.issuer.href },
        'openid issuer unavailable',
      )
      if (cached) return cached.configuration
      throw new GoogleError('unavailable', { cause: error })
    }
  }
}

async function discover({ issuer, clientId, clientSecret }: Settings): Promise<oidc.Configuration> {
  // Checks the ID token's signature although it comes directly from the issuer: defence in depth at little cost.
  const execute = [oidc.enableNonRepudiationChecks]
  if (issuer.protocol === 'http:') execute.push(oidc.allowInsecureRequests)
  return oidc.discovery(issuer, clientId, {}, authenticate(clientSecret), { execute, timeout: requestTimeoutSeconds })
}

/** Sends the client's secret in the body if the issuer supports it: many decode the header unlike RFC 6749 (2.3.1). */
function authenticate(clientSecret: string): oidc.ClientAuth {
  const inBody = oidc.ClientSecretPost(clientSecret)
  const inHeader = oidc.ClientSecretBasic(clientSecret)
  return (server, ...rest) => {
    const supportsBody = server.token_endpoint_auth_methods_supported?.includes('client_secret_post')
    return supportsBody ? inBody(server, ...rest) : inHeader(server, ...rest)
  }
}

/**
 * Reads the claims of the ID token, which has the e-mail at Google; else of the UserInfo endpoint, where the standard has
 * it.
 */
async function readClaims(
  client: oidc.Configuration,
  tokens: Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>,
): Promise<oidc.IDToken | oidc.UserInfoResponse> {
  const claims = tokens.claims()
  if (!claims) throw new GoogleError('failed')
  // The library checks it only when there are several audiences (OpenID Connect Core 1.0, 3.1.3.7).
  if (claims.azp !== undefined && claims.azp !== client.clientMetadata().client_id)
    throw new Error('the claim azp names another client')
  if (claims.email !== undefined || !client.serverMetadata().userinfo_endpoint) return claims
  return oidc.fetchUserInfo(client, tokens.access_token, subjectOf(claims))
}

/** Maps an error of the library. */
function toGoogleError(error: unknown): GoogleError {
  if (error instanceof GoogleError) return error
  if (error instanceof oidc.AuthorizationResponseError) {
    if (error.error === 'access_denied') return new GoogleError('access_denied', { cause: error })
    const isUnavailable = error.error === 'temporarily_unavailable' || error.error === 'server_error'
    return new GoogleError(isUnavailable ? 'unavailable' : 'failed', { cause: error })
  }
  // The code was redeemed before, has expired, or belongs to another verifier.
  if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') {
    return new GoogleError('flow_invalid', { cause: error })
  }
  return new GoogleError(isIssuerDown(error) ? 'unavailable' : 'failed', { cause: error })
}

/** Tells whether the issuer did not answer, or a proxy answered for an unavailable one. */
function isIssuerDown(error: unknown): boolean {
  if (error instanceof TypeError) return error.message === 'fetch failed'
  if (!(error instanceof oidc.ClientError)) return false
  const isServerFault = error.cause instanceof Response && error.cause.status >= 500
  return isTimeout(error) || isServerFault
}

const isTimeout = (error: unknown) => error instanceof oidc.ClientError && error.code === 'OAUTH_TIMEOUT'

/** Describes an error of the issuer for the log, without its codes, tokens and claims. */
export function reasonOf(error: unknown): string {
  const chain: string[] = []
  for (let each = error; each instanceof Error && chain.length < 3; each = each.cause) {
    const { code, error: oauthError } = each as { code?: unknown; error?: unknown }
    const kind = [oauthError, code].filter((part) => typeof part === 'string').join(' ')
    chain.push(`${each.message}${kind && ` (${kind})`}`.slice(0, 200))
  }
  return chain.join(' ← ')
}
