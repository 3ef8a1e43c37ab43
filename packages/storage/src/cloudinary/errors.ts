import { StorageUnavailableError } from '../errors.ts'

const retryAfterSeconds = 5
/** The hour's calls are used up, or too many came at once: a try each few seconds would only add to them. */
const limitedRetryAfterSeconds = 60
const limited = [420, 429]

/** Cloudinary is away, overloaded, or refuses who asks: an operator mends that, or time does. */
export function away(reason: string, status?: number): StorageUnavailableError {
  const isLimited = status !== undefined && limited.includes(status)
  return new StorageUnavailableError({
    retryAfterSeconds: isLimited ? limitedRetryAfterSeconds : retryAfterSeconds,
    cause: new Error(`Cloudinary: ${reason}`),
  })
}

/**
 * An error of ours for what the SDK threw. That can hold the credentials, so only its message and status are taken over.
 * A status of 400 is about this one file (too large for the account, say), and no time mends it.
 */
export function faultOf(thrown: unknown): Error {
  const { message, http_code: status } = detailsOf(thrown)
  return status === 400
    ? new Error(`Cloudinary refused: ${message}`)
    : away(`${status ?? 'no answer'}, ${message}`, status)
}

/** `{ message, http_code }`, in `error` or bare; a network error is an Error. */
function detailsOf(thrown: unknown): { message: string; http_code?: number } {
  const outer = Object(thrown)
  const { message, http_code } = Object(outer.error ?? outer)
  return { message: String(message), ...(typeof http_code === 'number' && { http_code }) }
}
