import { StorageUnavailableError } from '../errors.ts'
import type { S3Config } from '../storage.ts'

const retryAfterSeconds = 5

/** An S3 server that is unreachable or refuses. The message has no credential. */
export class S3Fault extends Error {
  /** The code of the server or of the system, e.g. `NO_SUCH_BUCKET`, `ECONNREFUSED`. */
  readonly code: string
  /** The remedy, for a fault that does not pass by itself. */
  readonly remedy: string | undefined

  constructor(code: string, message: string, remedy?: string) {
    super(message)
    this.name = 'S3Fault'
    this.code = code.replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()
    this.remedy = remedy
  }
}

/** Creates the error for an S3 server that cannot be used right now. */
export const unavailable = (reason: string, code = 'S3_UNAVAILABLE'): StorageUnavailableError =>
  new StorageUnavailableError({ retryAfterSeconds, cause: new S3Fault(code, `S3: ${reason}`) })

type Place = Pick<S3Config, 'bucket' | 'region'>

const wrongKeys = 'Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY to a valid pair of this server.'
const permissions = 's3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket'

/** Faults that only an operator can end, by the server's code, each with what to do. */
const remedies: Record<string, (place: Place) => string> = {
  NoSuchBucket: ({ bucket }) => `The bucket ${bucket} does not exist. Create it, or correct S3_BUCKET and S3_ENDPOINT.`,
  InvalidAccessKeyId: () => `The access key is not known. ${wrongKeys}`,
  SignatureDoesNotMatch: () => `The secret does not fit the access key. ${wrongKeys}`,
  InvalidToken: () => `The credentials are not valid. ${wrongKeys}`,
  ExpiredToken: () => 'The credentials have expired. Renew them.',
  AccessDenied: ({ bucket }) => `The credentials may not use the bucket ${bucket}. Allow them ${permissions}.`,
  AllAccessDisabled: ({ bucket }) => `The bucket ${bucket} is disabled.`,
  PermanentRedirect: ({ bucket, region }) => `The bucket ${bucket} is not in the region ${region}. Correct S3_REGION.`,
  AuthorizationHeaderMalformed: ({ region }) => `The server does not accept the region ${region}. Correct S3_REGION.`,
  RequestTimeTooSkewed: () => 'The clock of this machine is wrong. Synchronise it by NTP.',
  CredentialsProviderError: () =>
    'There are no credentials. Set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY, or give the machine a role.',
}

/**
 * Converts an error of the SDK. It may contain headers with the access key, so only its code and status are copied. Other errors, for
 * example of the source of an upload, are returned as they are.
 */
export function faultOf(thrown: unknown, place: Place): unknown {
  if (thrown instanceof StorageUnavailableError || !(thrown instanceof Error)) return thrown
  const status = statusOf(thrown)
  const code = codeOf(thrown, status)
  if (code === undefined) return thrown
  const remedy = remedies[code]?.(place)
  const reason = [status, code].filter(Boolean).join(' ')
  const fault = new S3Fault(code, `S3: ${reason}${remedy ? `. ${remedy}` : ''}`, remedy)
  return new StorageUnavailableError({ retryAfterSeconds, cause: fault })
}

/** Returns the HTTP status of an answer of the server; undefined when there was none. */
export const statusOf = (thrown: unknown): number | undefined => Object(Object(thrown).$metadata).httpStatusCode

const networkErrors = new Set(['TimeoutError', 'AbortError', 'RequestAbortedError', 'NetworkingError'])

function codeOf(error: Error, status: number | undefined): string | undefined {
  // Answers to HEAD have no body, so the SDK invents a name.
  if (status === 403 && !(error.name in remedies)) return 'AccessDenied'
  if (status === 301 && !(error.name in remedies)) return 'PermanentRedirect'
  if (status !== undefined || error.name === 'CredentialsProviderError') return error.name
  if (networkErrors.has(error.name)) return 'TIMEOUT'
  const { code, syscall } = error as NodeJS.ErrnoException
  const isOfFileSystem = syscall !== undefined && !['connect', 'read', 'write', 'getaddrinfo'].includes(syscall)
  return isOfFileSystem ? undefined : code
}
