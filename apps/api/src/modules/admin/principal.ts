import { DomainError } from '@muster/errors'
import { can, type Permission } from '@muster/policy'
import type { FastifyRequest } from 'fastify'
import { type Actor, type Origin, originOf } from '../../http/actor.ts'

/** The principal of an administrative action: a signed-in administrator, or an operator with a shell (no actor). */
export type Principal = { actor: Actor; origin: Origin } | { actor: null; origin?: never }

/** The principal of `muster`: it has direct access to the database, so no role restricts it. */
export const commandLine: Principal = { actor: null }

/** Returns the signed-in administrator of a request. */
export const principalOf = (request: FastifyRequest): Principal => ({
  actor: request.actor,
  origin: originOf(request),
})

/** Asserts that the principal has a permission, also for calls without a route. @throws DomainError FORBIDDEN */
export function assertPermission({ actor }: Principal, permission: Permission): void {
  if (actor !== null && !can(actor, permission, {})) throw new DomainError('FORBIDDEN')
}

/** Returns the fields of an audit event that name the principal; {@link commandLineMark} completes them. */
export const auditActor = ({ actor, origin }: Principal) => ({ actorId: actor?.userId ?? null, context: origin })

/** Returns the mark of the command line for the `after` of an audit event, whose actor is null then. */
export const commandLineMark = ({ actor }: Principal) => (actor === null ? { by: 'operator' } : {})
