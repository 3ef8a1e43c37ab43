/**
 * Runs an OpenID Connect issuer as a process of its own, for tests. It trusts the submitted form: `sub` and any claims, or
 * `cancel`. Claims under `odd` replace those of the ID token and of the UserInfo endpoint without validation, and null
 * removes a claim: no library would produce such claims.
 */
import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type KoaContextWithOIDC, Provider } from 'oidc-provider'

const { ISSUER = '', CLIENT_ID = '', CLIENT_SECRET = '', REDIRECT_URIS = '', STYLE } = process.env
const isLikeGoogle = STYLE !== 'plain'
const authMethod = isLikeGoogle ? 'client_secret_post' : 'client_secret_basic'
/** The claims that were submitted last for each subject, and for each nonce. */
const said = new Map<unknown, Record<string, unknown>>()

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const keyId = 'test'

const provider = new Provider(ISSUER, {
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: keyId, use: 'sig', alg: 'RS256' }] },
  clients: [
    {
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      redirect_uris: REDIRECT_URIS.split(','),
      token_endpoint_auth_method: authMethod,
    },
  ],
  clientAuthMethods: [authMethod],
  // By the standard, claims are at the UserInfo endpoint; Google also writes them into the ID token.
  conformIdTokenClaims: !isLikeGoogle,
  claims: { email: ['email', 'email_verified'], profile: ['name', 'zoneinfo'] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_ctx, { uid }) => `/interaction/${uid}` },
  findAccount: (_ctx, sub, token) => {
    const claims = said.get((token as { nonce?: string } | undefined)?.nonce) ?? said.get(sub)
    return { accountId: sub, claims: () => ({ ...claims, sub }) }
  },
  loadExistingGrant: grantAll,
})

provider.use(async (ctx: KoaContextWithOIDC, next) => {
  await next()
  const { route } = ctx.oidc ?? {}
  if (STYLE === 'forging' && route === 'token') ctx.body = forged(ctx.body as { id_token: string })
  else if (route === 'token') ctx.body = withOddClaims(ctx.body as { id_token?: string })
  else if (route === 'userinfo') ctx.body = odd(ctx.body as Record<string, unknown>)
})

const answer = provider.callback()
createServer((request, response) => {
  if (request.url?.startsWith('/interaction/')) void interact(request, response)
  else void answer(request, response)
}).listen(Number(new URL(ISSUER).port), '127.0.0.1')

async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') {
    response.setHeader('content-type', 'text/html')
    response.end(
      `<form method="post" action="${request.url}"><input name="sub"><button name="cancel">Cancel</button></form>`,
    )
    return
  }
  const { sub, claims, cancel } = Object.fromEntries(new URLSearchParams(await text(request)))
  const { params } = await provider.interactionDetails(request, response)
  for (const key of [sub, params.nonce]) said.set(key, JSON.parse(claims ?? '{}'))
  const result = cancel || !sub ? { error: 'access_denied' } : { login: { accountId: sub } }
  await provider.interactionFinished(request, response, result)
}

/** Grants all scopes without consent. Reuses the grant, so that a second code does not revoke the first. */
async function grantAll({ oidc: { client, session } }: KoaContextWithOIDC) {
  const clientId = client?.clientId ?? ''
  const given = session?.grantIdFor(clientId)
  if (given) return provider.Grant.find(given)
  const grant = new provider.Grant({ clientId, accountId: session?.accountId })
  grant.addOIDCScope('openid email profile')
  await grant.save()
  return grant
}

/** Replaces claims of the ID token by the `odd` ones, and signs it again. */
function withOddClaims<T extends { id_token?: string }>(tokens: T): T {
  if (!tokens.id_token) return tokens
  const claims = JSON.parse(Buffer.from(tokens.id_token.split('.')[1] ?? '', 'base64url').toString())
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const signed = `${encode({ alg: 'RS256', kid: keyId })}.${encode(odd(claims))}`
  const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64url')
  return { ...tokens, id_token: `${signed}.${signature}` }
}

function odd(claims: Record<string, unknown>): Record<string, unknown> {
  const changes = said.get(claims.nonce ?? claims.sub)?.odd ?? {}
  return Object.fromEntries(Object.entries({ ...claims, ...changes }).filter(([, value]) => value !== null))
}

/** Replaces the signature of the ID token by an invalid one. */
function forged<T extends { id_token: string }>(tokens: T): T {
  const [header, payload, signature = ''] = tokens.id_token.split('.')
  const other = Buffer.from(signature, 'base64url').reverse().toString('base64url')
  return { ...tokens, id_token: `${header}.${payload}.${other}` }
}
