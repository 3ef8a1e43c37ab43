export { failFastRedis, lastErrorOf } from './connection.ts'
export { assertNoEviction } from './eviction.ts'
export { probeRedis } from './probe.ts'
