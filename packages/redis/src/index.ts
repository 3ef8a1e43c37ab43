export {
  type ConnectionOptions,
  databaseOf,
  failFastRedis,
  lastErrorOf,
  type RedisClient,
  workerRedis,
} from './connection.ts'
export { assertNoEviction } from './eviction.ts'
export * from './settings/index.ts'
