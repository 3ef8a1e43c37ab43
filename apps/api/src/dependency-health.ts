import { askByRead, askByWrite, type CorrectedClock, createCorrectedClock, type Db, measureClock } from '@muster/db'
import { readOutboxState } from '@muster/jobs/outbox'
import type { Publisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import type { OwnedStorage } from '@muster/storage'
import { type ClockWatch, type Dependency, sharedFor, watchClock, watchDependency } from '@muster/telemetry'
import type { Replica } from './http/reads/replica.ts'
import type { Revocations } from './modules/sessions/revocations.ts'
import type { SafeRedis } from './redis.ts'

/** State of everything that the API depends on; `/health`, readiness, metrics and logs all read it here. */
export type DependencyHealth = {
  /** Up when every connection that a request may need is up. */
  postgres: Dependency
  redis: Dependency
  /** Up when lists may come from the replica; undefined without one. */
  replica: (Dependency & Pick<Replica, 'behindMs'>) | undefined
  /** The stores of files. */
  files: Dependency
  /** Whether this installation is a restored copy that is held. */
  isHeld(): boolean
  /** @throws while Postgres is unavailable */
  readOutbox(): Promise<{ pending: number; oldestMs: number }>
  /** Watches the system clock, whichever clock the services use. */
  clock: ClockWatch
  hasClockStepped(): boolean
}

type Needs = {
  log: Logger
  db: Db
  lookups: Db
  replica: Replica | undefined
  pollDb: Db
  redis: SafeRedis
  publisher: Publisher
  revocations: Pick<Revocations, 'loaded' | 'isFresh'>
  storage: Pick<OwnedStorage, 'verify'>
  /** Corrected with each measurement. */
  systemClock?: CorrectedClock | undefined
}

/** How long one reading of the outbox serves all callers. */
const outboxAgeMs = 500

/** Creates the probes of every connection. Nothing is probed before the first caller asks. */
export function createDependencyHealth(needs: Needs): DependencyHealth {
  const {
    log,
    db,
    lookups,
    replica,
    pollDb,
    redis,
    publisher,
    revocations,
    storage,
    systemClock = createCorrectedClock(),
  } = needs
  const probeRevocations = async () => {
    await askByRead(pollDb)
    await revocations.loaded
    if (!revocations.isFresh()) throw Object.assign(new Error('Revocations are out of date.'), { code: 'STALE' })
  }
  return {
    postgres: watchDependency({
      name: 'postgres',
      log,
      connections: [
        { name: 'pool', ask: () => askByWrite(db) },
        { name: 'lookups', ask: () => askByRead(lookups) },
        { name: 'revocations', ask: probeRevocations },
      ],
    }),
    redis: watchDependency({
      name: 'redis',
      log,
      connections: [
        { name: 'cache', ask: redis.probe },
        { name: 'publisher', ask: publisher.probe },
      ],
    }),
    replica: replica && {
      ...watchDependency({
        name: 'replica',
        log,
        connections: [{ name: 'replica', ask: replica.assertUsable }],
      }),
      behindMs: replica.behindMs,
    },
    files: watchDependency({ name: 'files', log, connections: [{ name: 'storage', ask: storage.verify }] }),
    isHeld: publisher.hold.isHeld,
    readOutbox: sharedFor(outboxAgeMs, () => readOutboxState(db)),
    clock: watchClock({ measure: () => measureClock(db, systemClock), log }),
    hasClockStepped: systemClock.hasStepped,
  }
}
