import type { Principal } from '@muster/policy'
import type { FastifyRequest } from 'fastify'

/** The principal of a request, as the access token names it. */
export type Actor = Principal & {
  sessionId: string
  /** Their organization requires a second factor that they have not set up: until then they may do nothing else. */
  lacksFactor?: true
}

/** Where a request comes from, as audit events and sessions note it. */
export type Origin = {
  ip: string
  userAgent?: string
  requestId: string
  /** The device cookie as it came: whoever believes it must check its signature. */
  deviceCookie?: string
  /** The refresh token that the browser sent along, unchecked. */
  refreshCookie?: string
}

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
