import { clientEvents, serverEvents } from '@muster/realtime/events'
import { expect, test } from 'vitest'
import { z } from 'zod'

test('the payload of every event is described for generators of code', () => {
  const schemas: z.ZodType[] = [
    ...Object.values(serverEvents),
    ...Object.values(clientEvents).flatMap(({ payload, data }) => [payload, data]),
  ]
  expect(schemas.length).toBeGreaterThan(20)
  for (const schema of schemas)
    expect(z.toJSONSchema(schema, { io: 'output' })).toMatchObject({ $schema: expect.any(String) })
})
