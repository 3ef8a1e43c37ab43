import type { Principal } from '@muster/policy'
import type { FastifyRequest } from 'fastify'

/** The principal of a request, read from its access token. */
export type Actor = Principal & {
  sessionId: string
  /** Set when the organization requires a second factor that the actor has not set up; until then all other routes refuse. */
  lacksFactor?: true
}

/** Where a request comes from, as audit events and sessions record it. */
export type Origin = {
  ip: string
  userAgent?: string
  requestId: string
  /** The device cookie as received; its signature is not verified yet. */
  deviceCookie?: string
  /** The refresh token as received; not verified yet. */
  refreshCookie?: string
}

/** Returns the origin of a request, with the user agent shortened to 400 characters and without control characters. */
export function originOf(request: FastifyRequest): Origin {
  const userAgent = request.headers['user-agent']?.replace(/\p{C}/gu, '').slice(0, 400)
  const { ip, id: requestId, deviceCookie, refreshCookie } = request
  return {
    ip,
    requestId,
    ...(userAgent && { userAgent }),
    ...(deviceCookie && { deviceCookie }),
    ...(refreshCookie && { refreshCookie }),
  }
}
