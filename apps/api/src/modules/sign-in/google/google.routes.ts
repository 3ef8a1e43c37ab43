import { DomainError } from '@muster/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Context } from '../../../context.ts'
import { originOf } from '../../../http/actor.ts'
import { answer, errors, messageReplyOf, okMessage } from '../../../http/reply.ts'
import { confirmationBody, confirmationErrors } from '../../reauthentication/reauthentication.schema.ts'
import type { SignInChallenge } from '../sign-in-challenge.ts'
import { flowCookies } from './flow-cookie.ts'
import { beginQuery, callbackQuery, redirectTo } from './google.schema.ts'
import * as google from './google.service.ts'
import { GoogleError, type GoogleErrorCode, googleErrorCode, googleErrors } from './google-errors.ts'
import { createIssuer, type Issuer, reasonOf } from './issuer.ts'

/** Failures that neither an operator nor a developer can fix; they are logged at the level `info`. */
const ordinary: ReadonlySet<GoogleErrorCode> = new Set<GoogleErrorCode>([
  'access_denied',
  'account_inactive',
  'already_linked',
  'email_unverified',
  'flow_invalid',
  'invite_invalid',
  'invite_refused',
  'registration_closed',
])

const allCodes = Object.keys(googleErrors) as GoogleErrorCode[]
const signedInOrChallenge =
  'To `WEB_URL`, signed in. With a second factor, to `WEB_URL/login#challenge=…&method=otp|totp&expiresAt=…`'

/** Signs users in with Google, or with the issuer of `OIDC_ISSUER`. A browser navigates there and back by redirects. */
export const googleRoutes: FastifyPluginAsyncZod<{ context: Context }> = async (app, { context }) => {
  const { config, cookies, log } = context
  const redirectUri = new URL('/api/v1/auth/google/callback', config.publicUrl).href
  const issuer = config.google && createIssuer(config.google, redirectUri, log)
  const flows = flowCookies(context)

  app.get(
    '/auth/google',
    {
      config: { access: 'public', hasEffects: true },
      schema: {
        operationId: 'beginGoogleSignIn',
        tags: ['auth'],
        summary: 'Sign in with Google: navigate to it, do not fetch it',
        querystring: beginQuery,
        response: { 302: redirectTo('To Google', ['failed', 'flow_invalid', 'not_configured', 'unavailable']) },
      },
    },
    (request, reply) =>
      redirect(request, reply, async () => {
        // Another site must not send its visitors through a sign-in that they did not request.
        if (request.headers['sec-fetch-site'] === 'cross-site') throw new GoogleError('flow_invalid')
        const { url, flow } = await google.beginFlow(context, configured(issuer), request.query)
        flows.set(request, reply, flow)
        return url.href
      }),
  )

  app.get(
    '/auth/google/callback',
    {
      config: { access: 'public', hasEffects: true },
      // A redirect answers every request, even one that no issuer would send.
      attachValidation: true,
      schema: {
        operationId: 'finishGoogleSignIn',
        tags: ['auth'],
        summary: 'The redirect URI, to which Google sends the browser',
        querystring: callbackQuery,
        response: { 302: redirectTo(signedInOrChallenge, allCodes) },
      },
    },
    (request, reply) =>
      redirect(request, reply, async () => {
        const callback = new URL(redirectUri)
        callback.search = new URL(request.url, redirectUri).search
        const [state, ...further] = callback.searchParams.getAll('state')
        const flow = flows.take(request, reply, further.length > 0 ? undefined : state)
        const origin = originOf(request)
        const begun = await google.finishFlow(context, configured(issuer), { callback, flow }, origin)
        if (begun.requiresTwoFactor) return challengePage(config.webUrl, begun)
        cookies.set(reply, begun.grant)
        return config.webUrl
      }),
  )

  app.delete(
    '/auth/google',
    {
      config: { access: 'signed-in' },
      schema: {
        operationId: 'unlinkGoogle',
        tags: ['auth'],
        summary: 'Unlink the Google account',
        description: 'A session older than 15 minutes requires the password.',
        body: confirmationBody.nullish(),
        response: {
          200: answer(messageReplyOf('Your Google account is unlinked.'), 'Unlinked.'),
          ...errors(...confirmationErrors, 'NOT_FOUND', 'CONFLICT'),
        },
      },
    },
    async (request) => {
      await google.unlink(context, request.actor, request.body ?? {}, originOf(request))
      return okMessage('Your Google account is unlinked.')
    },
  )

  async function redirect(request: FastifyRequest, reply: FastifyReply, work: () => Promise<string>) {
    try {
      return reply.redirect(await work(), 302)
    } catch (error) {
      const code = codeOf(request, error)
      return reply.redirect(`${config.webUrl}/login?error=${code}`, 302)
    }
  }
}

/** Returns the page that requires the second factor. The fragment is sent to no server, log or Referer. */
function challengePage(webUrl: string, { challengeToken, method, expiresAt }: SignInChallenge): string {
  return `${webUrl}/login#${new URLSearchParams({ challenge: challengeToken, method, expiresAt })}`
}

/** Asserts that an issuer is configured. @throws GoogleError not_configured */
function configured(issuer: Issuer | undefined): Issuer {
  if (!issuer) throw new GoogleError('not_configured')
  return issuer
}

/** Logs the failure, and returns its code for the front end. */
function codeOf(request: FastifyRequest, error: unknown): GoogleErrorCode {
  const outcome = googleErrorCode(error)
  const isExpected = outcome !== 'failed' || error instanceof GoogleError || error instanceof DomainError
  if (!isExpected) request.log.error({ component: 'google-sign-in', err: error, outcome }, 'google sign-in failed')
  else
    request.log[ordinary.has(outcome) ? 'info' : 'warn']({ outcome, reason: reasonOf(error) }, 'google sign-in failed')
  return outcome
}
