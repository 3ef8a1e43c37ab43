import { type ClientHttp2Session, connect, constants } from 'node:http2'
import { request } from 'node:https'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'

type HttpsRequest = {
  method?: string
  headers?: Record<string, string>
  body?: string | Buffer
  /** The address of this client, e.g. another one of the loopback. */
  localAddress?: string
}

/** Sends a request over a connection of its own. */
export function sendHttps(
  url: string,
  { method = 'GET', headers = {}, body, localAddress }: HttpsRequest = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false, ...(localAddress && { localAddress }) })
    sent.on('error', reject)
    sent.on('response', async (response) => {
      resolve({ status: response.statusCode ?? 0, body: await text(response).catch(() => '') })
      sent.destroy()
    })
    sent.end(body)
  })
}

const pauseMs = 100

/** Does something again and again until `stop`, which returns what was thrown. */
export function repeat(act: () => Promise<void>): { stop(): Promise<string[]> } {
  const failures: string[] = []
  let isStopping = false
  const running = (async () => {
    while (!isStopping) {
      await act().catch((error: unknown) => failures.push(String(error)))
      await sleep(pauseMs)
    }
  })()
  return {
    async stop() {
      isStopping = true
      await running
      return failures
    },
  }
}

/** A client that speaks HTTP/2, over one connection as long as the server keeps it. */
export type Http2Client = {
  /** Sends a request, again when the server refused to begin it. @throws when the answer has another status than 2xx */
  send(method: string, path: string, headers: Record<string, string>, body?: string): Promise<string>
  close(): void
}

/** Creates a client, which connects when it is first used. */
export function createHttp2Client(url: string): Http2Client {
  let session: ClientHttp2Session | undefined
  const open = () => {
    if (session && !session.closed && !session.destroyed) return session
    const opened = connect(url)
    opened.on('error', () => {})
    // The server answers what it has got, and wants no further requests over this connection.
    opened.on('goaway', () => opened.close())
    session = opened
    return opened
  }
  const send: Http2Client['send'] = async (method, path, headers, body) => {
    const stream = open().request({ ':method': method, ':path': path, ...headers })
    stream.end(body)
    const answered = new Promise<number>((resolve, reject) => {
      stream.once('response', (answer) => resolve(Number(answer[':status'])))
      stream.once('error', reject)
      stream.once('close', () => reject(new Error('The stream ended without an answer.')))
    })
    const status = await answered.catch((error: unknown) => {
      // The server promises that it began nothing, e.g. when it was reloaded (RFC 9113, 8.7).
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return undefined
      throw error
    })
    if (status === undefined) return send(method, path, headers, body)
    const answer = await text(stream)
    if (status >= 300) throw new Error(`${status}: ${answer}`)
    return answer
  }
  return {
    send,
    close: () => session?.close(),
  }
}

/** Opens a socket of Socket.IO that polls, and collects the messages that it is sent. */
export function openPollingSocket(url: string, cookie: string) {
  const bodies: string[] = []
  const socket = io(url, {
    transports: ['polling'],
    forceNew: true,
    reconnectionDelay: 100,
    reconnectionDelayMax: 1_000,
    extraHeaders: { cookie },
  })
  socket.on('chat:change', (change: { kind: string; message?: { body: string | null } }) => {
    if (change.message?.body) bodies.push(change.message.body)
  })
  return { socket, bodies }
}
