import type { Logger } from '@muster/logger'
import { trackOutage } from './outage.ts'
import { reasonOf } from './reason.ts'
import { Gauge, registry } from './registry.ts'

/** A connection of this process to a dependency; `ask` rejects when the process cannot use it for its work. */
export type Connection = { name: string; ask: () => Promise<unknown> }

export type DependencyState = { status: 'up' | 'down'; latencyMs: number; reason?: string }

export type Dependency = {
  name: string
  /** Checks every connection. Takes at most a second and never rejects. */
  check(): Promise<DependencyState>
}

type DependencyOptions = { name: string; connections: readonly Connection[]; log: Logger }

const timeoutMs = 1_000
/** Load balancers may ask many times a second: a result is reused for this long. */
const maxAgeMs = 500

const dependencyUp = new Gauge({
  name: 'muster_dependency_up',
  help: 'Whether this process can use the dependency over all of its connections: 1 or 0.',
  labelNames: ['dependency'],
  registers: [registry],
})

/** Returns what an operator must do, where the error or its cause says so. */
function remedyOf(error: unknown): { remedy?: string } {
  const remedy: unknown = Object(error).remedy ?? Object(Object(error).cause).remedy
  return typeof remedy === 'string' ? { remedy } : {}
}

/**
 * Watches a dependency, which is up when each of its connections is. Logs each change once, with the reason and the failed
 * connections.
 */
export function watchDependency({ name, connections, log }: DependencyOptions): Dependency {
  const outage = trackOutage({
    log,
    fields: { component: 'dependencies', dependency: name },
    down: 'dependency unavailable',
    up: 'dependency available again',
  })
  const probes = connections.map((connection) => ({ name: connection.name, probe: bounded(connection.ask) }))

  const probeAll = async (): Promise<DependencyState> => {
    const startMs = performance.now()
    const outcomes = await Promise.all(
      probes.map(async ({ name: connection, probe }) => ({ connection, ...(await probe()) })),
    )
    const latencyMs = Math.round(performance.now() - startMs)
    const failures = outcomes.filter(({ error }) => error !== undefined)
    const [first] = failures
    dependencyUp.set({ dependency: name }, first ? 0 : 1)
    if (!first) {
      outage.succeeded()
      return { status: 'up', latencyMs }
    }
    outage.failed(first.error, { connections: failures.map(({ connection }) => connection), ...remedyOf(first.error) })
    return { status: 'down', latencyMs, reason: reasonOf(first.error) }
  }
  return { name, check: sharedFor(maxAgeMs, probeAll) }
}

/** Wraps a function so that its callers share one call while it runs and for `ageMs` after. */
export function sharedFor<T>(ageMs: number, ask: () => Promise<T>): () => Promise<T> {
  let current: { answer: Promise<T>; endsMs: number } | undefined
  return () => {
    if (current && performance.now() < current.endsMs) return current.answer
    const call = { answer: ask(), endsMs: Number.POSITIVE_INFINITY }
    const settle = () => {
      call.endsMs = performance.now() + ageMs
    }
    call.answer.then(settle, settle)
    current = call
    return call.answer
  }
}

/** Limits a check to a second. While one has no result, no further one starts: it would only queue behind the first. */
function bounded(ask: () => Promise<unknown>): () => Promise<{ error?: unknown }> {
  let pending: Promise<{ error?: unknown }> | undefined
  return async () => {
    pending ??= ask()
      .then(
        () => ({}),
        (error: unknown) => ({ error }),
      )
      .finally(() => {
        pending = undefined
      })
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<{ error: unknown }>((resolve) => {
      timer = setTimeout(() => resolve({ error: new Error('no answer: timeout') }), timeoutMs)
    })
    const outcome = await Promise.race([pending, timeout])
    clearTimeout(timer)
    return outcome
  }
}
