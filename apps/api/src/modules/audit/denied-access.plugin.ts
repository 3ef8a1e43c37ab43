import { withCause } from '@muster/cause'
import type { DomainError } from '@muster/errors'
import { isUuid } from '@muster/identifiers'
import { Counter, registry } from '@muster/telemetry'
import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Deps } from '../../deps.ts'
import { type Actor, type Origin, originOf } from '../../http/actor.ts'
import { domainErrorOf } from '../../http/errors/domain-error-of.ts'
import { always, type Target, type TargetType, whenHidden } from './denied-access.queries.ts'

type Denial = { actor: Actor; origin: Origin; method: string; route: string; code: string; target: Target | undefined }
type DenialDeps = Pick<Deps, 'transactStatement' | 'clock' | 'log'>

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The kind of target that the route's id names: the target of the audit event of a denied access. */
    target?: { type: TargetType } & ({ param: string } | { field: string })
  }
}

const apiPrefix = /^\/api\/v1/
/** Repeated denials of the same actor, route and target are one event a minute. */
const repeatMs = 60_000
const maxRemembered = 10_000
const maxWaiting = 1_000

const droppedTotal = new Counter({
  name: 'muster_denied_access_dropped_total',
  help: 'Denied accesses that were not written to the audit log: too many at once, or Postgres was unavailable.',
  registers: [registry],
})

/**
 * Records denied accesses in the audit log: requests for a target that exists but is hidden from the actor (answered 404, so
 * that the actor does not learn that it exists), and requests that the actor's role does not allow (403). The event is
 * written after the answer, so that no request waits for it and the time of an answer does not reveal what exists.
 */
export const deniedAccessPlugin = fp(async (app: FastifyInstance, { context }: { context: DenialDeps }) => {
  const denials = createDenialLog(context)
  app.addHook('onError', (request, _reply, error, done) => {
    const known = domainErrorOf(error)
    if (known && isDenial(known)) denials.note(denialOf(request, known))
    done()
  })
  app.addHook('onClose', () => denials.close())
})

const isDenial = ({ code }: DomainError) => code === 'NOT_FOUND' || code === 'FORBIDDEN' || code === 'ROLE_NOT_ALLOWED'

function denialOf(request: FastifyRequest, { code }: DomainError): Denial | undefined {
  const { actor, method, routeOptions } = request
  const route = routeOptions.url?.replace(apiPrefix, '')
  if (!actor || !route) return undefined
  const target = targetOf(request, routeOptions.config.target)
  // The route names no target, so nothing can be hidden.
  if (code === 'NOT_FOUND' && !target) return undefined
  return { actor, origin: originOf(request), method, route, code, target }
}

function targetOf({ params, body }: FastifyRequest, declared: FastifyContextConfig['target']): Target | undefined {
  if (!declared) return undefined
  const [values, name] = 'param' in declared ? [params, declared.param] : [body, declared.field]
  return asTarget(declared.type, (values as Record<string, unknown> | undefined)?.[name])
}

const asTarget = (type: TargetType, id: unknown): Target | undefined =>
  typeof id === 'string' && isUuid(id.toLowerCase()) ? { type, id: id.toLowerCase() } : undefined

/** Creates the queue of denials, which are written one after the other, after their requests. */
function createDenialLog({ transactStatement, clock, log }: DenialDeps) {
  const waiting: Denial[] = []
  const notedUntilMs = new Map<string, number>()
  let running: Promise<void> | undefined

  const isRepeated = (denial: Denial) => {
    const { actor, method, route, target } = denial
    const key = [actor.userId, method, route, target?.id].join(' ')
    const nowMs = clock.now().getTime()
    if ((notedUntilMs.get(key) ?? 0) > nowMs) return true
    notedUntilMs.delete(key)
    notedUntilMs.set(key, nowMs + repeatMs)
    const [oldest] = notedUntilMs.keys()
    if (notedUntilMs.size > maxRemembered && oldest !== undefined) notedUntilMs.delete(oldest)
    return false
  }

  const record = async (denial: Denial) => {
    try {
      await write(transactStatement, denial)
    } catch (error) {
      droppedTotal.inc()
      log.warn({ component: 'audit', err: error }, 'audit event of a denied access dropped')
    }
  }
  const drain = async () => {
    for (let denial = waiting.shift(); denial; denial = waiting.shift()) {
      const { requestId } = denial.origin
      await withCause({ requestId }, () => record(denial))
    }
    running = undefined
  }

  return {
    note(denial: Denial | undefined): void {
      if (!denial || isRepeated(denial)) return
      if (waiting.length < maxWaiting) waiting.push(denial)
      else droppedTotal.inc()
      running ??= drain()
    },
    close: async () => running,
  }
}

async function write(
  transactStatement: Deps['transactStatement'],
  { actor, origin, method, route, code, target }: Denial,
): Promise<void> {
  await transactStatement(({ audit }) => {
    audit({
      action: 'access.denied',
      actorId: actor.userId,
      targetType: target?.type ?? 'route',
      targetId: target?.id ?? `${method} ${route}`,
      after: { method, route, code },
      context: origin,
    })
    return code === 'NOT_FOUND' && target ? whenHidden(target, actor) : always
  })
}
