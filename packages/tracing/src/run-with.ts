import { type Cause, withCause } from '@muster/cause'
import { context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { TraceRoot } from './begin-trace.ts'

/** Runs `fn` with its cause, and in its trace if there is one, so that what it enqueues goes on with the trace. */
export function runWith<T>(trace: TraceRoot | undefined, cause: Cause | undefined, fn: () => T): T {
  if (!trace) return withCause(cause, fn)
  return withCause({ ...cause, traceParent: trace.traceParent }, () => trace.run(fn))
}

/** Runs `fn` for work that serves many requests, whichever of them begins it: with no cause and in no trace. */
export const runForAll = <T>(fn: () => T): T => withCause(undefined, () => context.with(ROOT_CONTEXT, fn))
