import type { ApiError, ErrorCode, ErrorDetail } from '../generated/schemas.gen.ts'

/**
 * Faults that arise in the client: no answer came (`NETWORK`), or not in time (`TIMEOUT`); something else than Muster answered
 * (`UNEXPECTED_ANSWER`); a file could not be processed (`ATTACHMENT_FAILED`); the client was closed or another user signed in (`CANCELLED`).
 */
export type ClientErrorCode = 'NETWORK' | 'TIMEOUT' | 'UNEXPECTED_ANSWER' | 'ATTACHMENT_FAILED' | 'CANCELLED'
export type MusterErrorCode = ErrorCode | ClientErrorCode
export type FieldError = Pick<ErrorDetail, 'code' | 'message' | 'params'>

type Fields = {
  code: MusterErrorCode
  status?: number | undefined
  requestId?: string | undefined
  retryAfter?: number | undefined
  details?: readonly ErrorDetail[] | undefined
  cause?: unknown
}

/** The error of every call that fails, apart from the reason of its own `signal`. */
export class MusterError extends Error {
  override readonly name = 'MusterError'
  /** Decides what to do. A later release of the server may send others. */
  readonly code: MusterErrorCode
  /** The status of HTTP; 0 without an answer. */
  readonly status: number
  /** Finds the request in the server's log. */
  readonly requestId: string | undefined
  /** Seconds after which a repetition may succeed. */
  readonly retryAfter: number | undefined
  /** All faults of the request with their whole paths, such as `body.title`. */
  readonly details: readonly ErrorDetail[]
  /** The faults by field, such as `title`. */
  readonly fieldErrors: Readonly<Record<string, FieldError>>

  constructor(message: string, { code, status = 0, requestId, retryAfter, details = [], cause }: Fields) {
    super(message, { cause })
    this.code = code
    this.status = status
    this.requestId = requestId
    this.retryAfter = retryAfter
    this.details = details
    this.fieldErrors = Object.fromEntries(details.map(({ path, ...fault }) => [path.replace(/^\w+\./, ''), fault]))
  }
}

/** Reads the error of an answer, also of one that a proxy gave. */
export function errorOf({ status, statusText, headers }: Response, body: string): MusterError {
  const retryAfter = retryAfterOf(headers)
  const envelope = readEnvelope(body)
  if (envelope) return errorOfEnvelope(envelope, { status, retryAfter })
  const requestId = headers.get('x-request-id') ?? undefined
  const message = `The server answered ${[status, statusText].filter(Boolean).join(' ')} in a form that is not Muster’s.`
  return new MusterError(message, { code: 'UNEXPECTED_ANSWER', status, retryAfter, requestId })
}

/** Returns the error for an error envelope, which acknowledgements of socket events have too. */
export function errorOfEnvelope(
  { message, error }: ApiError,
  rest: { status?: number; retryAfter?: number | undefined },
) {
  return new MusterError(message, { ...rest, code: error.code, requestId: error.requestId, details: error.details })
}

/** Returns the seconds of `Retry-After`, which proxies also send as a date. */
export function retryAfterOf(headers: Headers): number | undefined {
  const header = headers.get('retry-after')
  if (header === null) return undefined
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : Math.ceil((Date.parse(header) - Date.now()) / 1_000)
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined
}

function readEnvelope(body: string): ApiError | undefined {
  try {
    const json = JSON.parse(body) as Partial<ApiError> | null
    return json?.success === false && typeof json.error?.code === 'string' ? (json as ApiError) : undefined
  } catch {
    return undefined
  }
}
