export { askByRead, askByWrite } from './ask.ts'
export {
  createDb,
  createLookupDb,
  type DbOptions,
  isDatabaseError,
  isDatabaseUnavailable,
  isRefusal,
} from './client.ts'
export { type Clock, type CorrectedClock, createCorrectedClock, systemClock } from './clock.ts'
export { besidePool, maxConnectionsOf } from './connection-counts.ts'
export { type ConnectionLimits, findSessionFaults, readConnectionLimits } from './connection-limits.ts'
export { type Hold, readHold } from './hold.ts'
export { newId } from './ids.ts'
export { inBatches } from './in-batches.ts'
export { inGroups } from './in-groups.ts'
export { readInstallationId, readRestoreMark } from './installation.ts'
export { correctAtStart, measureClock } from './measure-clock.ts'
export { assertMigrated } from './migrator.ts'
export { onPoolWait, type PoolName, readPoolStates } from './pool-watch.ts'
export { findSettingFaults } from './session-settings.ts'
export { type DatabaseSettings, directly } from './settings.ts'
export { type Origin, runShared, traceShared } from './trace-statements.ts'
export type { Database, Db, Json, Trx } from './types.ts'
export {
  type ReplayState,
  readReplayState,
  readServerState,
  readWrittenPosition,
  type WalPosition,
} from './wal-position.ts'
