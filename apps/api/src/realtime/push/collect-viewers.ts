import type { Logger } from '@muster/logger'
import { administeredOrganizationId } from '@muster/policy'
import type { ServerEventPayload } from '@muster/realtime/events'
import type { Signal } from '@muster/signals'
import { trackOutage } from '@muster/telemetry'
import { createBatches } from '../batches.ts'
import type { Connection } from '../connections.ts'
import type { Gateway } from '../gateway.ts'

type Concerned = { signal: Signal; connections: Set<Connection> }

type Steps = {
  event: 'task' | 'attachment' | 'invite'
  /** The kind that clients fetch again when its events could not be made. */
  staleKind: ServerEventPayload<'stale'>['kinds'][number]
  /** Lists the connections here that a signal may concern; by default those of its room, of an organization only the admins'. */
  connectionsOf?: (signal: Signal) => Iterable<Connection>
  /** Emits the events of rows that changed, by their ids, to those of these connections that may know. */
  emitAll(rows: ReadonlyMap<string, Concerned>): Promise<void>
}

/** Collects the signals of an event while the rows of earlier ones are read, so that one statement reads the rows of all of them. */
export function collectViewers(
  gateway: Gateway,
  log: Logger,
  { event, staleKind, connectionsOf = (signal) => inRoomOf(gateway, signal), emitAll }: Steps,
): void {
  const outage = trackOutage({
    log,
    fields: { dependency: 'postgres', component: 'push', socketEvent: event },
    down: 'changes not read, clients fetch them',
    up: 'changes read again',
  })
  const collect = createBatches<Signal>(async (signals) => {
    const rows = new Map<string, Concerned>()
    for (const signal of signals) {
      const id = signal.id as string
      const { connections } = rows.get(id) ?? { connections: new Set() }
      for (const connection of connectionsOf(signal)) connections.add(connection)
      if (connections.size > 0) rows.set(id, { signal, connections })
    }
    try {
      if (rows.size > 0) await emitAll(rows)
      outage.succeeded()
    } catch (error) {
      outage.failed(error)
      const connections = new Set([...rows.values()].flatMap((row) => [...row.connections]))
      gateway.emit(connections, 'stale', { kinds: [staleKind] })
    }
  })
  gateway.signals.on(event, (signal) => {
    if (signal.id === undefined) return
    for (const _one of connectionsOf(signal)) return void collect([signal])
  })
}

function* inRoomOf({ connections }: Gateway, { room }: Signal): Iterable<Connection> {
  const isOfAdmins = room.startsWith('org:')
  for (const connection of connections.inRoom(room))
    if (!isOfAdmins || administeredOrganizationId(connection.actor) !== null) yield connection
}
