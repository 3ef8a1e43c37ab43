import createClient, { type Client } from 'openapi-fetch'
import type { paths } from '../generated/api.gen.ts'
import type { Form } from '../uploads/form.ts'
import { formSender } from '../uploads/send-form.ts'
import type { CallOptions, ReadOptions, UploadOptions } from './call-types.ts'
import type { Endpoint } from './endpoint.ts'
import { MusterError } from './error.ts'
import type { Etags } from './etags.ts'
import { serializeQuery } from './query.ts'
import { withRetries } from './retry.ts'
import type { Transport } from './transport.ts'

/** The input of a call. */
export type Call = {
  params: Record<string, string>
  query?: object | undefined
  body?: unknown
  form?: Form | undefined
  options?: (CallOptions & Pick<ReadOptions, 'range'> & Pick<UploadOptions, 'onProgress'>) | undefined
}

/** An answer without its envelope. */
export type Answer = { result: unknown; pagination?: unknown; response: Response }

export type Caller = {
  call(endpoint: Endpoint, call: Call): Promise<Answer>
  /** The typed client of openapi-fetch, with the same cookies and retries. */
  http: Client<paths>
  baseUrl: string
}

/** The answers of the session's own routes, and refusals, as the session follows them. */
export type Observer = {
  /** Is called before a request. @returns what is told about its outcome */
  begin(): { succeeded(id: string, result: unknown): Promise<void>; failed(error: unknown): Promise<void> }
}

type Deps = {
  baseUrl: string
  transport: Transport
  etags: Etags
  observer: Observer
  fetch: (request: Request) => Promise<Response>
  /** Is called with each result. */
  onResult: (operation: string, result: unknown) => void
  /** The user who counts as signed in; null for none. */
  userId: () => string | null
}

const timeoutMs = 30_000
const uploadTimeoutMs = 300_000
const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'])

/** Creates the function that calls operations: keys, versions, retries and envelopes. */
export function createCaller(deps: Deps): Caller {
  const { baseUrl, transport, etags, observer } = deps
  const sendRaw = (request: Request) =>
    withRetries(() => transport.send(request, { timeoutMs, isStream: true }), {
      isRepeatable: isRepeatable(request),
      signal: request.signal,
    })
  const http = createClient<paths>({
    baseUrl,
    credentials: 'include',
    querySerializer: (query) => serializeQuery(query as Record<string, unknown>),
    fetch: sendRaw,
  })

  async function call(endpoint: Endpoint, { params, query, body, form, options = {} }: Call): Promise<Answer> {
    const outcome = observer.begin()
    const path = expand(endpoint.path, params)
    const send = (request: Request) => sendByPolicy(deps, endpoint, request, { form, options })
    const request = http.request as unknown as UntypedRequest
    try {
      const { data, response } = await request(endpoint.method.toLowerCase(), endpoint.path, {
        params: { path: params, query: query ?? {} },
        headers: {
          ...headersOf(endpoint, options, endpoint.takesIfMatch ? etags.of(path) : undefined),
          ...forUser(endpoint, deps.userId()),
        },
        ...(body !== undefined && { body }),
        ...(options.signal && { signal: options.signal }),
        parseAs: endpoint.answer === 'file' ? 'stream' : 'text',
        fetch: send,
      })
      const answer = unwrap(endpoint, data, response)
      rememberVersions(etags, endpoint, path, answer)
      deps.onResult(endpoint.id, answer.result)
      await outcome.succeeded(endpoint.id, answer.result)
      return answer
    } catch (error) {
      await outcome.failed(error)
      throw error
    }
  }
  return { call, http, baseUrl }
}

type UntypedRequest = (method: string, path: string, init: object) => Promise<{ data?: unknown; response: Response }>

const isRepeatable = ({ method, headers }: Request) => repeatableMethods.has(method) || headers.has('idempotency-key')

function sendByPolicy(
  { transport, fetch }: Deps,
  endpoint: Endpoint,
  request: Request,
  { form, options = {} }: Pick<Call, 'form' | 'options'>,
): Promise<Response> {
  const { onProgress, signal, maxAttempts } = options
  const send = {
    timeoutMs: options.timeoutMs ?? (endpoint.upload ? uploadTimeoutMs : timeoutMs),
    signal,
    isStream: endpoint.answer === 'file',
    // An unhealthy server says so with 503 and the same JSON.
    acceptsStatus: endpoint.answer === 'whole' ? 503 : undefined,
    fetch: form && formSender(form, fetch, onProgress),
  }
  return withRetries(() => transport.send(request, send), { isRepeatable: isRepeatable(request), signal, maxAttempts })
}

function headersOf(endpoint: Endpoint, options: NonNullable<Call['options']>, etag: string | undefined) {
  const ifMatch = options.ifMatch === false ? undefined : (options.ifMatch ?? etag)
  return {
    ...(endpoint.takesIdempotencyKey && { 'Idempotency-Key': options.idempotencyKey ?? crypto.randomUUID() }),
    ...(endpoint.takesIfMatch && ifMatch !== undefined && { 'If-Match': ifMatch }),
    ...(options.range !== undefined && { Range: options.range }),
  }
}

/**
 * Names the user for whom something changes: the server refuses it when another one has signed in meanwhile, in another tab. Sign-in
 * itself is for anybody; and reads go without, since browsers would ask for permission before each of them.
 */
const forUser = ({ method, path }: Endpoint, userId: string | null) =>
  userId !== null && method !== 'GET' && !path.startsWith('/api/v1/auth/') ? { 'X-User-Id': userId } : {}

function unwrap({ answer, pick }: Endpoint, body: unknown, response: Response): Answer {
  if (answer === 'file') return { result: response, response }
  if (answer === 'text') return { result: body, response }
  const json = readJson(body)
  if (answer === 'whole' && json) return { result: json, response }
  if (json?.success !== true) {
    const message = 'Something else than Muster answered. Check the address of the API, and the connection.'
    throw new MusterError(message, { code: 'UNEXPECTED_ANSWER', status: response.status })
  }
  if (answer === 'message') return { result: json.message, response }
  return { result: pick ? json.data?.[pick] : json.data, pagination: json.pagination, response }
}

type Envelope = { success?: unknown; message?: string; data?: Record<string, unknown>; pagination?: unknown }

function readJson(body: unknown): Envelope | undefined {
  try {
    const json: unknown = JSON.parse(String(body))
    return typeof json === 'object' && json !== null ? json : undefined
  } catch {
    return undefined
  }
}

function rememberVersions(
  etags: Etags,
  { method, answer }: Endpoint,
  path: string,
  { result, response }: Answer,
): void {
  if (answer === 'page') etags.rememberItems(path, result as unknown[])
  if (method === 'DELETE') etags.forget(path)
  const etag = response.headers.get('etag')
  if (!etag || answer === 'file' || method === 'DELETE') return
  const { id } = (result ?? {}) as { id?: unknown }
  etags.remember(method === 'POST' && typeof id === 'string' ? `${path}/${id}` : path, etag)
}

/** Writes the parameters into a path. */
export const expand = (path: string, params: Record<string, string>): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''))
