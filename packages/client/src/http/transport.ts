import type { CookieJar } from './cookie-jar.ts'
import { errorOf, MusterError } from './error.ts'

export type Transport = {
  /** Sends a request once, with the cookies. @throws MusterError for an answer that is an error, and when none comes */
  send(request: Request, options: SendOptions): Promise<Response>
  /** Absent in browsers, which keep the cookies themselves. */
  cookies: CookieJar | undefined
}

export type SendOptions = {
  timeoutMs: number
  signal?: AbortSignal | undefined
  /** Leaves the body of a success unread, for files. */
  isStream?: boolean
  /** The status of an error that is an answer too, unless its body is an error envelope. */
  acceptsStatus?: number | undefined
  /** Replaces `fetch`, as uploads with progress do. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
}

/** Creates the lowest layer of the client. */
export function createTransport(options: {
  fetch: (request: Request) => Promise<Response>
  cookies: CookieJar | undefined
}): Transport {
  const { cookies } = options
  return {
    cookies,
    async send(request, { timeoutMs, signal, isStream = false, acceptsStatus, fetch = options.fetch }) {
      const url = new URL(request.url)
      const timeout = AbortSignal.timeout(timeoutMs)
      const ended = AbortSignal.any(signal ? [signal, timeout] : [timeout])
      try {
        const headers = new Headers(request.headers)
        const cookie = cookies?.headerFor(url)
        if (cookie) headers.set('cookie', cookie)
        const response = await fetch(new Request(request.clone(), { headers, signal: ended }))
        cookies?.store(url, response.headers.getSetCookie())
        if (!response.ok && response.status !== 304) {
          const error = errorOf(response, await response.clone().text())
          if (response.status !== acceptsStatus || error.code !== 'UNEXPECTED_ANSWER') throw error
          return new Response(await response.text(), { headers: response.headers })
        }
        return isStream ? response : await buffered(response)
      } catch (error) {
        signal?.throwIfAborted()
        throw error instanceof MusterError ? error : noAnswer(error, timeout.aborted && timeoutMs)
      }
    },
  }
}

/** Reads the body, so that a connection that breaks meanwhile counts as an attempt without answer. */
async function buffered(response: Response): Promise<Response> {
  const { status, statusText, headers } = response
  const body = await response.text()
  return new Response(body === '' ? null : body, { status, statusText, headers })
}

const noAnswer = (cause: unknown, timeoutMs: number | false) =>
  timeoutMs === false
    ? new MusterError('The server cannot be reached. Check the connection and try again.', { code: 'NETWORK', cause })
    : new MusterError(`The server did not answer within ${timeoutMs / 1_000} s. Try again.`, { code: 'TIMEOUT', cause })
