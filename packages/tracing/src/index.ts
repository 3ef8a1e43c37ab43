export { beginTrace, type TraceRoot } from './begin-trace.ts'
export { span } from './span.ts'
export { startTracing, type Tracing } from './start-tracing.ts'
