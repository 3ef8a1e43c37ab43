import type { FastifyRequest } from 'fastify'
import { z } from 'zod'

export const roles = ['super_admin', 'site_admin', 'operator', 'client_admin', 'client_user'] as const
export const roleSchema = z.enum(roles)
export type Role = (typeof roles)[number]

/** Who is acting, as the access token says it. */
export type Actor = {
  userId: string
  sessionId: string
  /** Null for platform roles. */
  organizationId: string | null
  role: Role
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
