import type { ChatChangeEvent } from '../realtime/event-types.ts'

export type ChangeOrder = {
  /** The number of the latest change that was applied. */
  cursor(): number
  /** Lets changes wait from now on, until `release`. */
  hold(): void
  /** Records that everything up to a cursor was applied, without going on. */
  advance(cursor: number): void
  /** Goes on from a cursor, or from the present one when that is higher: applies the changes that waited and are newer. */
  release(cursor: number): void
  /** Goes on from a cursor that may be lower, after the chat was read anew: a restored server has fewer changes. */
  restart(cursor: number): void
  receive(change: ChatChangeEvent): void
  /** Tells whether changes wait for ones that are missing. */
  isHeld(): boolean
}

/** More changes than a sync answers are read by it anyway. */
const maxWaiting = 1_000

/**
 * Applies the changes of a chat once each and in their order. One that was sent after others than the latest known one shows a gap:
 * it waits until the missing ones were read.
 */
export function createChangeOrder(
  start: number,
  { apply, onGap }: { apply: (change: ChatChangeEvent) => void; onGap: () => void },
): ChangeOrder {
  let cursor = start
  let isHeld = true
  let waiting: ChatChangeEvent[] = []

  function take(change: ChatChangeEvent): boolean {
    if (change.prev > cursor) return false
    if (change.change > cursor) {
      cursor = change.change
      apply(change)
    }
    return true
  }

  function wait(change: ChatChangeEvent): void {
    waiting.push(change)
    // The first ones are what the next sync reads, so the last ones are kept.
    if (waiting.length > maxWaiting) waiting.shift()
  }

  return {
    cursor: () => cursor,
    isHeld: () => isHeld,
    hold() {
      isHeld = true
    },
    advance(to) {
      cursor = Math.max(cursor, to)
    },
    // Answers may overtake each other, and an older one must not bring changes back.
    release: (from) => resume(Math.max(cursor, from)),
    restart: resume,
    receive(change) {
      if (isHeld) return wait(change)
      if (!take(change)) hold(change)
    },
  }

  function resume(from: number): void {
    cursor = from
    isHeld = false
    const ordered = waiting.toSorted((one, other) => one.change - other.change)
    waiting = []
    for (const change of ordered) if (isHeld || !take(change)) hold(change)
  }

  function hold(change: ChatChangeEvent): void {
    wait(change)
    if (isHeld) return
    isHeld = true
    onGap()
  }
}
