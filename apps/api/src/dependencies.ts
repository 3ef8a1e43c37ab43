import { askByRead, askByWrite, type CorrectedClock, createCorrectedClock, type Db, measureClock } from '@muster/db'
import { readOutboxState } from '@muster/jobs/outbox'
import type { Publisher } from '@muster/jobs/publisher'
import type { Logger } from '@muster/logger'
import { type ClockWatch, type Dependency, sharedFor, watchClock, watchDependency } from '@muster/telemetry'
import type { Revocations } from './modules/sessions/revocations.ts'
import type { SafeRedis } from './redis.ts'

/** What the API depends on, as `/health`, readiness, metrics and log tell of it. */
export type Dependencies = {
  /** Over every connection that a request may need. */
  postgres: Dependency
  redis: Dependency
  /** @throws while Postgres is away */
  readOutbox(): Promise<{ pending: number; oldestMs: number }>
  /** Of the system clock, whatever clock the rules go by. */
  clock: ClockWatch
  hasClockStepped(): boolean
}

type Needs = {
  log: Logger
  db: Db
  lookups: Db
  pollDb: Db
  redis: SafeRedis
  publisher: Publisher
  revocations: Pick<Revocations, 'loaded' | 'isFresh'>
  /** Corrected with each measurement. */
  systemClock?: CorrectedClock | undefined
}

/** As long as an answer of the outbox serves everybody who asks. */
const outboxAgeMs = 500

export function createDependencies(needs: Needs): Dependencies {
  const { log, db, lookups, pollDb, redis, publisher, revocations, systemClock = createCorrectedClock() } = needs
  const askRevocations = async () => {
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
        { name: 'revocations', ask: askRevocations },
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
    readOutbox: sharedFor(outboxAgeMs, () => readOutboxState(db)),
    clock: watchClock({ measure: () => measureClock(db, systemClock), log }),
    hasClockStepped: systemClock.hasStepped,
  }
}
