import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { Instance } from './sockets.ts'
import { urlOf } from './sockets.ts'

export type RawAnswer = { status: number; headers: IncomingHttpHeaders; body: string; code: string | undefined }
export type Transport = 'websocket' | 'polling'

type RawRequest = {
  headers?: Record<string, string>
  /** Added to the query of a handshake. */
  query?: string
  method?: string
  body?: string | undefined
  /** Whose connections are reused; otherwise the request opens one of its own. */
  agent?: Agent | undefined
}

const webSocketHeaders = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

/** Sends a request of Engine.IO without its client, and closes a WebSocket that it gets. */
export function engineRequest(
  on: Pick<Instance, 'app'>,
  transport: Transport,
  { headers = {}, query = '', method = 'GET', body }: RawRequest = {},
): Promise<RawAnswer> {
  const url = `${urlOf(on)}/socket.io/?EIO=4&transport=${transport}${query}`
  return rawRequest(url, { method, body, headers: { ...(transport === 'websocket' && webSocketHeaders), ...headers } })
}

/** Sends a request to any URL, also one that asks for a WebSocket. */
export function rawRequest(
  url: string,
  { method = 'GET', headers = {}, body, agent }: RawRequest = {},
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: agent ?? false })
    sent.on('error', reject)
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve(answerOf(response, ''))
    })
    sent.on('response', async (response) => {
      const chunks = await response.toArray().catch(() => [])
      resolve(answerOf(response, Buffer.concat(chunks).toString()))
    })
    sent.end(body)
  })
}

function answerOf({ statusCode = 0, headers }: IncomingMessage, body: string): RawAnswer {
  const code = body.startsWith('{"success":false') ? JSON.parse(body).error.code : undefined
  return { status: statusCode, headers, body, code }
}

/** Returns the id of the Engine.IO session that a handshake by polling has opened. */
export const sidOf = ({ body }: RawAnswer): string => JSON.parse(body.slice(1)).sid
