import type { Hold } from '@muster/db'
import type { Logger } from '@muster/logger'
import { Gauge, registry } from '@muster/telemetry'

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
}

/**
 * Follows the hold as it is read from Postgres, and logs each change once.
 * @param read reads the hold now, calls `note` and never rejects
 */
export function watchHold({ log, read }: { log: Logger; read: () => Promise<void> }): HoldWatch & {
  note(hold: Pick<Hold, 'heldAt'>): void
} {
  const listeners: ((isHeld: boolean) => void)[] = []
  let state: boolean | undefined

  return {
    note({ heldAt }) {
      const isHeld = heldAt !== null
      if (state === isHeld) return
      const hasBegun = state !== undefined
      state = isHeld
      held.set(isHeld ? 1 : 0)
      if (isHeld)
        log.warn({ component: 'hold', heldAt }, 'restored copy held, mails, reminders, deletions and sweeps wait')
      else if (hasBegun) log.info({ component: 'hold' }, 'restored copy released')
      for (const listener of listeners) listener(isHeld)
    },
    isHeld: () => state !== false,
    async askHeld() {
      if (state === undefined) await read()
      return state !== false
    },
    onChange(listener) {
      listeners.push(listener)
      if (state !== undefined) listener(state)
    },
  }
}
