export {
  isAlive,
  type Lock,
  type OnSpawn,
  type Service,
  StartError,
  spawnService,
  stopProcess,
  takeLock,
  waitForExit,
  waitUntilReady,
} from '@muster/supervisor'
export { type DemoFile, readDemoFile } from './demo-team/demo-file.ts'
export { type DemoOptions, fillDemo } from './demo-team/fill-demo.ts'
export { isLongForm } from './long-form.ts'
export { migrate } from './migrate.ts'
export { createSay } from './output.ts'
export { type CuttableLink, startCuttableLink } from './services/cuttable-link.ts'
export { findRedis, type Machine, thisMachine } from './services/find-redis.ts'
export { hostServices, type User } from './services/host/host-services.ts'
export { type Joined, joinHost } from './services/host/join-host.ts'
export { startInbox } from './services/inbox.ts'
export { freePort, isPortFree, preferPort } from './services/ports.ts'
export { type PostgresOptions, removeCluster, startPostgres } from './services/postgres.ts'
export { postgresOwner } from './services/postgres-files.ts'
export { type Reaper, startReaper } from './services/reaper.ts'
export { startRedis } from './services/redis.ts'
