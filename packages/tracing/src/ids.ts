import { randomBytes } from 'node:crypto'
import type { IdGenerator } from '@opentelemetry/sdk-trace'

const uuidShape = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

let chosen: string | undefined

/** Runs `fn`, in which a new trace gets this UUID as its id: the trace of a request is found by the id of the request. */
export function chooseTraceId<T>(uuid: string | undefined, fn: () => T): T {
  if (uuid && uuidShape.test(uuid)) chosen = uuid.replaceAll('-', '')
  try {
    return fn()
  } finally {
    chosen = undefined
  }
}

/** Makes the ids of traces and spans. */
export const ids: IdGenerator = {
  generateTraceId: () => chosen ?? randomBytes(16).toString('hex'),
  generateSpanId: () => randomBytes(8).toString('hex'),
}
