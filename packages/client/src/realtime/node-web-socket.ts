import { NodeWebSocket } from 'socket.io-client'
import type { CookieJar } from '../http/cookie-jar.ts'
import { errorOf, type MusterError } from '../http/error.ts'

type Refusal = { statusCode?: number; statusMessage?: string; rawHeaders: string[] } & AsyncIterable<Uint8Array>
type NodeSocket = {
  on(event: 'upgrade', listener: (response: { headers: Record<string, string[] | undefined> }) => void): void
  on(event: 'unexpected-response', listener: (request: { destroy(): void }, response: Refusal) => void): void
  onerror: ((event: unknown) => void) | null
}

/**
 * Creates the WebSocket of Node for Socket.IO: it sends the cookies of the jar, keeps those that the handshake renews, and tells with
 * which error the server refused it. In browsers, which keep cookies themselves, scripts never learn that error.
 */
export function nodeWebSocket(
  cookies: CookieJar,
  userId: () => string | null,
  refused: (error: MusterError) => void,
): typeof NodeWebSocket {
  return class extends NodeWebSocket {
    override createSocket(uri: string, protocols: string | string[] | undefined, opts: Record<string, unknown>) {
      const url = new URL(uri)
      const cookie = cookies.headerFor(url)
      const user = userId()
      const headers = { ...(cookie && { cookie }), ...(user && { 'X-User-Id': user }) }
      const socket = super.createSocket(uri, protocols, { ...opts, headers }) as NodeSocket
      socket.on('upgrade', (response) => cookies.store(url, response.headers['set-cookie'] ?? []))
      socket.on('unexpected-response', (request, response) => {
        readRefusal(response)
          .then(refused, () => undefined)
          .finally(() => {
            request.destroy()
            socket.onerror?.(new Error('The server refused the connection.'))
          })
      })
      return socket
    }
  }
}

async function readRefusal(response: Refusal): Promise<MusterError> {
  const decoder = new TextDecoder()
  let body = ''
  for await (const chunk of response) body += decoder.decode(chunk, { stream: true })
  const headers = new Headers()
  const { rawHeaders, statusCode = 502, statusMessage = '' } = response
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) headers.append(rawHeaders[at] ?? '', rawHeaders[at + 1] ?? '')
  return errorOf(new Response(null, { status: statusCode, statusText: statusMessage, headers }), body)
}
