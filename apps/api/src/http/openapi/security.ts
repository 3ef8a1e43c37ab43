import type { FastifyContextConfig } from 'fastify'

const cookie = (name: string, description: string) => ({ type: 'apiKey', in: 'cookie', name, description }) as const

const renewal =
  'The access token lives 15 minutes. Browsers send it together with the refresh token, by which the server renews it within any request: an answer then sets both cookies again.'

/** The cookies of a session, by their names over https and over http. */
export const securitySchemes = {
  session: cookie(
    '__Host-muster_at',
    `The access token of an installation over https. Every way to sign in sets it. ${renewal}`,
  ),
  sessionRenewal: cookie(
    '__Host-muster_rt',
    'The refresh token of an installation over https. It alone also authenticates a request, which renews the session.',
  ),
  developmentSession: cookie(
    'muster_at',
    `The access token of an installation over http, such as one in development. ${renewal}`,
  ),
  developmentSessionRenewal: cookie('muster_rt', 'The refresh token of an installation over http.'),
} as const

const signedIn = Object.keys(securitySchemes).map((name) => ({ [name]: [] as string[] }))

/** Returns the alternatives by which a request of this route is authenticated. */
export function securityOf(config: FastifyContextConfig | undefined): Record<string, string[]>[] {
  if (config?.access !== undefined && config.access !== 'public') return signedIn
  return config?.authenticatesOptionally ? [{}, ...signedIn] : []
}
