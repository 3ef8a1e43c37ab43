import { catalogue, type ErrorCode } from './catalogue.ts'
import { type DetailCode, detailOf, type ErrorDetail, type FaultArguments } from './error-detail.ts'

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
    this.details = options.details && firstOfEachPath(options.details)
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

/** A form shows one sentence beside a field: the first fault is the one to mend first. */
function firstOfEachPath(details: ErrorDetail[]): ErrorDetail[] {
  const first = new Map<string, ErrorDetail>()
  for (const detail of details) if (!first.has(detail.path)) first.set(detail.path, detail)
  return [...first.values()]
}

/** Builds the error for one field that is not valid. */
export const invalid = <Code extends DetailCode>(
  path: string,
  code: Code,
  ...given: FaultArguments<Code>
): DomainError => new DomainError('VALIDATION_FAILED', { details: [detailOf(path, code, ...given)] })
