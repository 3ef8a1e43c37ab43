export { isAnswering } from './is-answering.ts'
export { type Lock, takeLock } from './lock.ts'
export {
  commandLineOf,
  isAlive,
  type OnSpawn,
  type Service,
  spawnService,
  stopProcess,
  tailOf,
  waitForExit,
  waitUntilReady,
} from './processes.ts'
export { StartError } from './start-error.ts'
export {
  createSupervisor,
  type RunningProcess,
  type Supervisor,
  type SupervisorEvent,
  type Unit,
} from './supervisor.ts'
