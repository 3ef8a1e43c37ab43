export { beginTrace, type TraceRoot } from './begin-trace.ts'
export { runForAll, runWith } from './run-with.ts'
export { span } from './span.ts'
export { startTracing } from './start-tracing.ts'
