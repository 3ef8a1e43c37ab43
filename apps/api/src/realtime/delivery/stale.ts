import { type ServerEventPayload, staleKinds } from '@muster/realtime/events'
import type { BestEffortEvent, Room } from '@muster/signals'
import type { Connection } from '../connections.ts'
import type { Gateway } from '../gateway.ts'
import { staleTotal } from './metrics.ts'

type StaleKind = ServerEventPayload<'stale'>['kinds'][number]

const kindOf: Record<BestEffortEvent, StaleKind> = {
  task: 'tasks',
  attachment: 'attachments',
  invite: 'invites',
  presence: 'presence',
  'chat:typing': 'typing',
  'chat:read': 'read-positions',
}

/** After a restart of Redis many processes notice losses, one after the other: clients are told once. */
export const gatherMs = 500

/**
 * Tells clients to fetch again what has no numbers and may have been lost: each when it connects, and all after a gap of the signals,
 * after a time in which nothing was emitted, and when another process could not publish.
 */
export function tellStale({ connections, signals, emit, onConnect, onOpen }: Gateway): { close(): void } {
  const gathered = new Map<Room, Set<StaleKind>>()
  let timer: NodeJS.Timeout | undefined

  /** A connection whose session lacks a factor gets nothing. */
  const entered = () => [...connections.all()].filter(({ actor }) => !actor.lacksFactor)
  const flush = () => {
    timer = undefined
    const all = gathered.get('all')
    for (const [room, kinds] of gathered) {
      const more = [...kinds].filter((kind) => room === 'all' || !all?.has(kind))
      if (more.length > 0) emit(room === 'all' ? entered() : room, 'stale', { kinds: more })
    }
    gathered.clear()
  }
  const gather = (cause: string, room: Room, kinds: readonly StaleKind[]) => {
    staleTotal.inc({ cause })
    gathered.set(room, new Set([...(gathered.get(room) ?? []), ...kinds]))
    timer ??= setTimeout(flush, gatherMs)
  }

  onConnect((connection: Connection) => void emit([connection], 'stale', { kinds: [...staleKinds] }))
  onOpen(() => gather('gate', 'all', staleKinds))
  signals.onGap(() => gather('gap', 'all', staleKinds))
  signals.on('stale', ({ room, lost = [] }) =>
    gather(
      'lost',
      room,
      lost.map((event) => kindOf[event]),
    ),
  )
  return { close: () => clearTimeout(timer) }
}
