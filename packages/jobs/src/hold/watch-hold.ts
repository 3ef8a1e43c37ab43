import { type Db, type Hold, readHold } from '@muster/db'
import type { Logger } from '@muster/logger'
import { Gauge, registry } from '@muster/telemetry'
import { periodsMs } from '../schedules/schedules-and-retries.ts'

const held = new Gauge({
  name: 'muster_held',
  help: '1 while this installation is a restored copy that is held: mails, reminders, deletions and sweeps wait for `muster release`.',
  registers: [registry],
})

/** Follows whether this installation is held. Until that is known, it counts as held. */
export type HoldWatch = {
  isHeld(): boolean
  /** Tells the same after the first reading, so that a job at the start of a process is not put off without a reason. Never rejects. */
  askHeld(): Promise<boolean>
  /** Calls a listener with the state, once it is known and at each change. */
  onChange(listener: (isHeld: boolean) => void): void
  close(): Promise<void>
}

/** Polls Postgres for the hold, and logs each change once. A failed poll leaves the last state. */
export function watchHold(db: Db, log: Logger): HoldWatch {
  const listeners: ((isHeld: boolean) => void)[] = []
  let state: boolean | undefined

  const change = ({ heldAt }: Hold) => {
    const isHeld = heldAt !== null
    if (state === isHeld) return
    const hasBegun = state !== undefined
    state = isHeld
    held.set(isHeld ? 1 : 0)
    if (isHeld)
      log.warn({ component: 'hold', heldAt }, 'restored copy held, mails, reminders, deletions and sweeps wait')
    else if (hasBegun) log.info({ component: 'hold' }, 'restored copy released')
    for (const listener of listeners) listener(isHeld)
  }
  let polling: Promise<void> | undefined
  const poll = () => {
    // While Postgres is unavailable no job is processed either; other parts report that.
    polling ??= readHold(db)
      .then(change, () => {})
      .finally(() => {
        polling = undefined
      })
  }
  poll()
  const timer = setInterval(poll, periodsMs.pollHold)

  return {
    isHeld: () => state !== false,
    async askHeld() {
      if (state === undefined) {
        poll()
        await polling
      }
      return state !== false
    },
    onChange(listener) {
      listeners.push(listener)
      if (state !== undefined) listener(state)
    },
    async close() {
      clearInterval(timer)
      await polling
    },
  }
}
