import type { Logger } from '@muster/logger'
import * as oidc from 'openid-client'
import type { Config } from '../../../config.ts'
import { type Identity, identityOf, subjectOf } from './claims.ts'
import type { Flow } from './flow-cookie.ts'
import { GoogleError } from './google-errors.ts'

type Settings = NonNullable<Config['google']>

export type Issuer = {
  /** Where the browser goes to say who it is. @throws GoogleError unavailable */
  authorizationUrl(flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>): Promise<URL>
  /**
   * Redeems the code that the browser came back with.
   * @param callback the whole address that was called
   * @throws GoogleError access_denied, flow_invalid, unavailable, failed
   */
  identify(callback: URL, flow: Pick<Flow, 'state' | 'nonce' | 'verifier'>): Promise<Identity>
}

const scope = 'openid email profile'
/** Somebody waits in front of a blank page. */
const requestTimeoutSeconds = 2.5
const metadataTtlMs = 3_600_000

/** A client of one issuer of OpenID Connect: authorization code with PKCE, state and nonce. Asks for nothing before it is used. */
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
        // The library takes an empty one for none, and RFC 9207 (2.4) for another issuer.
        if (callback.searchParams.get('iss') === '') throw new Error('the parameter iss is empty')
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true }
        const tokens = await oidc.authorizationCodeGrant(client, callback, checks)
        return identityOf(settings.issuer, await readClaims(client, tokens))
      } catch (error) {
        throw whyNot(error)
      }
    },
  }
}

/** A new way to the issuer and back; nobody can guess any of it. */
export const newFlowSecrets = () => ({
  state: oidc.randomState(),
  nonce: oidc.randomNonce(),
  verifier: oidc.randomPKCECodeVerifier(),
})

/**
 * The issuer's metadata, read when first needed and then hourly: no start waits for it, and a start while the issuer is
 * away is no different from any other. What is known stays in use while it can't be read again; failures aren't kept.
 */
function cachedDiscovery(settings: Settings, log: Logger): () => Promise<oidc.Configuration> {
  let known: { configuration: oidc.Configuration; readAtMs: number } | undefined
  let reading: Promise<oidc.Configuration> | undefined

  const read = async () => {
    const configuration = await discover(settings).catch((error: unknown) => {
      // Once more, for the first try may have met a connection that was about to close; who says nothing is left alone.
      if (isTimeout(error)) throw error
      return discover(settings)
    })
    known = { configuration, readAtMs: performance.now() }
    return configuration
  }

  return async () => {
    if (known && performance.now() - known.readAtMs < metadataTtlMs) return known.configuration
    reading ??= read().finally(() => {
      reading = undefined
    })
    try {
      return await reading
    } catch (error) {
      log.warn({ reason: reasonOf(error), issuer: settings.issuer.href }, 'the OpenID issuer can not be asked')
      if (known) return known.configuration
      throw new GoogleError('unavailable', { cause: error })
    }
  }
}

async function discover({ issuer, clientId, clientSecret }: Settings): Promise<oidc.Configuration> {
  // The signature of the ID token is checked although it comes straight from the issuer: a second lock costs little.
  const execute = [oidc.enableNonRepudiationChecks]
  if (issuer.protocol === 'http:') execute.push(oidc.allowInsecureRequests)
  return oidc.discovery(issuer, clientId, {}, authenticate(clientSecret), { execute, timeout: requestTimeoutSeconds })
}

/** In the body where the issuer takes it there: many decode the header otherwise than RFC 6749 (2.3.1) says. */
function authenticate(clientSecret: string): oidc.ClientAuth {
  const inBody = oidc.ClientSecretPost(clientSecret)
  const inHeader = oidc.ClientSecretBasic(clientSecret)
  return (server, ...rest) => {
    const takesBody = server.token_endpoint_auth_methods_supported?.includes('client_secret_post')
    return takesBody ? inBody(server, ...rest) : inHeader(server, ...rest)
  }
}

/** Google writes the e-mail into the ID token; others, as the standard has it, only tell it at their UserInfo endpoint. */
async function readClaims(
  client: oidc.Configuration,
  tokens: Awaited<ReturnType<typeof oidc.authorizationCodeGrant>>,
): Promise<oidc.IDToken | oidc.UserInfoResponse> {
  const claims = tokens.claims()
  if (!claims) throw new GoogleError('failed')
  // The library asks for it only where there are several audiences (OpenID Connect Core 1.0, 3.1.3.7).
  if (claims.azp !== undefined && claims.azp !== client.clientMetadata().client_id)
    throw new Error('the claim azp names another client')
  if (claims.email !== undefined || !client.serverMetadata().userinfo_endpoint) return claims
  return oidc.fetchUserInfo(client, tokens.access_token, subjectOf(claims))
}

/** The code for what the library threw. */
function whyNot(error: unknown): GoogleError {
  if (error instanceof GoogleError) return error
  if (error instanceof oidc.AuthorizationResponseError) {
    if (error.error === 'access_denied') return new GoogleError('access_denied', { cause: error })
    const isAway = error.error === 'temporarily_unavailable' || error.error === 'server_error'
    return new GoogleError(isAway ? 'unavailable' : 'failed', { cause: error })
  }
  // The code was redeemed before, is too old, or is another verifier's.
  if (error instanceof oidc.ResponseBodyError && error.error === 'invalid_grant') {
    return new GoogleError('flow_invalid', { cause: error })
  }
  return new GoogleError(isAway(error) ? 'unavailable' : 'failed', { cause: error })
}

/** Whether no answer came, or one that a proxy gives for a server that is away. */
function isAway(error: unknown): boolean {
  if (error instanceof TypeError) return error.message === 'fetch failed'
  if (!(error instanceof oidc.ClientError)) return false
  const isServerFault = error.cause instanceof Response && error.cause.status >= 500
  return isTimeout(error) || isServerFault
}

const isTimeout = (error: unknown) => error instanceof oidc.ClientError && error.code === 'OAUTH_TIMEOUT'

/** What may be logged of an error of the issuer: not its cause, which holds codes, tokens and claims. */
export function reasonOf(error: unknown): string {
  const chain: string[] = []
  for (let each = error; each instanceof Error && chain.length < 3; each = each.cause) {
    const { code, error: oauthError } = each as { code?: unknown; error?: unknown }
    const kind = [oauthError, code].filter((part) => typeof part === 'string').join(' ')
    chain.push(`${each.message}${kind && ` (${kind})`}`.slice(0, 200))
  }
  return chain.join(' ← ')
}
