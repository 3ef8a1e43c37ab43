import { type BestEffortEvent, bestEffortEvents, type Room, type Signal } from './signal.ts'

const maxRooms = 500
const isBestEffort = (event: Signal['event']): event is BestEffortEvent =>
  (bestEffortEvents as readonly string[]).includes(event)

/**
 * Collects which events of which rooms could not be published, as far as nothing else makes them good. Its size is bounded: above
 * 500 rooms it counts as a loss for all.
 */
export function createLostSignals() {
  const byRoom = new Map<Room, Set<BestEffortEvent>>()
  const add = (room: Room, events: readonly BestEffortEvent[]) => {
    const known = byRoom.get(room)
    if (known) for (const event of events) known.add(event)
    else byRoom.set(room, new Set(events))
  }
  return {
    get isEmpty() {
      return byRoom.size === 0
    },
    add(signals: readonly Signal[]) {
      for (const { room, event, lost } of signals) {
        if (event === 'stale') add(room, lost ?? bestEffortEvents)
        else if (isBestEffort(event)) add(room, [event])
      }
      if (byRoom.size <= maxRooms) return
      const events = [...new Set([...byRoom.values()].flatMap((known) => [...known]))]
      byRoom.clear()
      add('all', events)
    },
    /** Takes the signals that tell of the losses. Those that get lost too must be added again. */
    take(): Signal[] {
      const signals = [...byRoom].map(([room, events]): Signal => ({ room, event: 'stale', lost: [...events] }))
      byRoom.clear()
      return signals
    },
  }
}
