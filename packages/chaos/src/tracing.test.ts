import { eventually } from '@muster/testing'
import { type OtlpReceiver, startOtlpReceiver } from '@muster/testing/otlp-receiver'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type System, startSystem } from './system/system.ts'

let system: System
let receiver: OtlpReceiver

beforeAll(async () => {
  ;[system, receiver] = await Promise.all([startSystem(), startOtlpReceiver()])
})
afterAll(async () => {
  await system?.close()
  await receiver?.close()
})

test('a request is one trace with its statements, named by its route', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_SAMPLER: 'always_on' }
  await system.start('api', { env })
  expect((await system.newUser().register()).status).toBe(202)
  const root = await eventually(() => {
    const found = receiver.spans.find(({ name }) => name === 'POST /api/v1/auth/register')
    if (!found) throw new Error('The span of the request has not arrived.')
    return found
  })
  expect(root).toMatchObject({ service: 'muster-api', kind: 2, parentId: undefined, isFailed: false })
  expect(root.attributes).toMatchObject({ 'http.response.status_code': 202 })
  const children = receiver.spans.filter(({ parentId }) => parentId === root.spanId)
  expect(children.map(({ name }) => name)).toEqual(expect.arrayContaining(['begin', 'insert email_messages', 'commit']))
  expect(new Set(children.map(({ traceId }) => traceId))).toEqual(new Set([root.traceId]))
})
