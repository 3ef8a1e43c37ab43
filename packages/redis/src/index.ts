export {
  type ConnectionOptions,
  databaseOf,
  failFastRedis,
  isCluster,
  lastErrorOf,
  pubSubRedis,
  type RedisClient,
  workerRedis,
} from './connection.ts'
export { assertNoEviction, mastersOf } from './eviction.ts'
export { claimRedis, ForeignRedisError, readRedisOwner, seizeRedis } from './owner.ts'
export { RedisRefusal } from './refusal.ts'
export * from './settings/index.ts'
export { checkRedis } from './start-check.ts'
