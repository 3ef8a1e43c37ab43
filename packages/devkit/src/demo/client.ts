import { setTimeout as sleep } from 'node:timers/promises'
import { StartError } from '../start-error.ts'

type Call = {
  json?: unknown
  form?: FormData
  /** Makes a POST safe to repeat. */
  idempotencyKey?: string
}

export type Client = {
  /** Sends a request. @returns `data` of the response */
  call<T>(method: string, path: string, options?: Call): Promise<T>
  bytes(path: string): Promise<Buffer>
  cookieNames(): string[]
}

const retryForMs = 60_000
const retryEveryMs = 300

/**
 * Creates a client that keeps cookies like a browser, and retries while the API or one of its services restarts. Its calls throw
 * StartError with the API's message for a response that a retry would not change.
 */
export function createClient(api: string): Client {
  const cookies = new Map<string, string>()

  const send = async (method: string, path: string, { json, form, idempotencyKey }: Call = {}) => {
    const headers: Record<string, string> = {
      cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    }
    if (json !== undefined) headers['content-type'] = 'application/json'
    if (idempotencyKey) headers['idempotency-key'] = idempotencyKey
    const body = json === undefined ? form : JSON.stringify(json)
    const answer = await withRetries(() => fetch(new URL(path, api), { method, headers, body }))
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (name && value) cookies.set(name, value)
      else if (name) cookies.delete(name)
    }
    if (!answer.ok) throw await refusal(method, path, answer)
    return answer
  }

  return {
    call: async <T>(method: string, path: string, options?: Call) =>
      ((await (await send(method, path, options)).json()) as { data: T }).data,
    bytes: async (path) => Buffer.from(await (await send('GET', path)).arrayBuffer()),
    cookieNames: () => [...cookies.keys()],
  }
}

async function withRetries(request: () => Promise<Response>): Promise<Response> {
  const deadline = Date.now() + retryForMs
  for (;;) {
    const answer = await request().catch((error: Error) => error)
    const isTransient = answer instanceof Error || answer.status === 503
    if (!isTransient) return answer
    if (Date.now() >= deadline) {
      if (answer instanceof Error) throw new StartError(`The API does not respond: ${answer.cause ?? answer.message}`)
      return answer
    }
    await sleep(retryEveryMs)
  }
}

async function refusal(method: string, path: string, answer: Response): Promise<StartError> {
  const text = await answer.text()
  const wait = answer.headers.get('retry-after')
  if (text.includes('REGISTRATION_CLOSED'))
    return new StartError(
      'The demo registers a user, but this copy takes users only by invitation. Start Muster without SIGNUP_MODE=invite.',
    )
  const hint =
    answer.status === 429
      ? `\nThe rate limits apply to the demo too: try again in ${wait} s, or start Muster with RATE_LIMIT_SCALE=100.`
      : ''
  return new StartError(`${method} ${path} answered ${answer.status}: ${text}${hint}`)
}
