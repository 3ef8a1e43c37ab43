import { clientEvents, serverEvents } from '@muster/realtime/events'
import { z } from 'zod'

/** Returns the payloads of all events as one JSON Schema, whose definitions are components of the OpenAPI document too. */
export function readEventSchemas() {
  const ofClient = Object.entries(clientEvents).map(([name, { payload, data }]) => [name, z.object({ payload, data })])
  return z.toJSONSchema(
    z.object({ ServerEvents: z.object(serverEvents), ClientEvents: z.object(Object.fromEntries(ofClient)) }),
    { unrepresentable: 'any' },
  )
}
