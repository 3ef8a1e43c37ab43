import type { IncomingHttpHeaders } from 'node:http'
import { type Cause, normalizeClientRequestId } from '@muster/cause'

/** Returns the cause of what a request does. The id that its caller sent stands beside the server's. */
export function causeOf(requestId: string, { 'x-request-id': given }: IncomingHttpHeaders): Cause {
  const clientRequestId = typeof given === 'string' ? normalizeClientRequestId(given) : undefined
  return clientRequestId === undefined ? { requestId } : { requestId, clientRequestId }
}
