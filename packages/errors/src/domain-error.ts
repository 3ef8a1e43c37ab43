import { catalogue, type ErrorCode } from './catalogue.ts'

/** One fault of the request: where (`body.email`, `query.page`) and what is wrong there. */
export type ErrorDetail = { path: string; message: string }

export type DomainErrorOptions = {
  message?: string
  details?: ErrorDetail[]
  /** Seconds until a repeat makes sense; becomes `Retry-After`. */
  retryAfterSeconds?: number
  cause?: unknown
}

/** An error that its catalogue entry makes presentable to the caller: nothing in it is secret. */
export class DomainError extends Error {
  readonly code: ErrorCode
  readonly status: number
  readonly details: ErrorDetail[] | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, options: DomainErrorOptions = {}) {
    super(options.message ?? catalogue[code].message, { cause: options.cause })
    this.name = 'DomainError'
    this.code = code
    this.status = catalogue[code].status
    this.details = options.details
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}
