export { type CuttableLink, freePort, isLongForm, startCuttableLink } from '@muster/devkit'
export {
  insertChatFile,
  insertGroup,
  insertMessage,
  insertOrganization,
  insertReminder,
  insertTask,
  insertUser,
} from './builders.ts'
export { type Authority, createAuthority } from './certificates.ts'
export { collectGarbage } from './collect-garbage.ts'
export {
  asSuperuser,
  createTestDatabase,
  createTestRedis,
  type OwnRedis,
  startOwnRedis,
  type TestDatabase,
  type TestDatabaseOptions,
  type TestRedis,
} from './databases.ts'
export { describeSchema } from './describe-schema.ts'
export { endWithTest } from './end-with-test.ts'
export { eventually } from './eventually.ts'
export { inboxSmtpUrl, inboxUrl, mailsTo, type ReceivedMail, waitForMail } from './inbox.ts'
export { inheritedEnv } from './inherited-env.ts'
export { type ManualClock, manualClock } from './manual-clock.ts'
export { type PgBouncer, type PgBouncerOptions, startPgBouncer } from './pgbouncer.ts'
export { programFile } from './program-file.ts'
export { findProgram } from './programs.ts'
export { type RedisCluster, startRedisCluster } from './redis/cluster.ts'
export type { RedisNode, Watch } from './redis/node.ts'
export { startRedisNode } from './redis/node.ts'
export { type RedisSentinels, startRedisSentinels } from './redis/sentinels.ts'
export { rowsRead } from './rows-read.ts'
export { mountDisk, type SmallDisk } from './small-disk.ts'
export { type ReadyProcess, startReadyProcess, startTestProcess, type TestProcess } from './test-process.ts'
export { touchedBlocks } from './touched-blocks.ts'
export { clockAhead, fakeClockLibrary } from './wrong-clock.ts'
