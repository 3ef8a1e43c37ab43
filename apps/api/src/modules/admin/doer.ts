import { DomainError } from '@muster/errors'
import { can, type Permission } from '@muster/policy'
import type { FastifyRequest } from 'fastify'
import { type Actor, type Origin, originOf } from '../../http/actor.ts'

/** On whose word something is done: that of a signed-in administrator, or of whoever runs a command on the machine. */
export type Doer = { actor: Actor; origin: Origin } | { actor: null; origin?: never }

/** Who runs `pnpm muster`: somebody who has the database at hand, so no role forbids them anything. */
export const atTheMachine: Doer = { actor: null }

export const doerOf = (request: FastifyRequest): Doer => ({ actor: request.actor, origin: originOf(request) })

/** Also where no route asked before. @throws DomainError FORBIDDEN */
export function assertMay({ actor }: Doer, permission: Permission): void {
  if (actor !== null && !can(actor, permission, {})) throw new DomainError('FORBIDDEN')
}

/** What an audit event says of who did it; spread it into the event, and {@link noted} into its `after`. */
export const signedBy = ({ actor, origin }: Doer) => ({ actorId: actor?.userId ?? null, context: origin })

/** Says in an event that nobody was signed in because the command line did it. */
export const noted = ({ actor }: Doer) => (actor === null ? { by: 'operator' } : {})
