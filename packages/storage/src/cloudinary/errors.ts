import type { IncomingMessage } from 'node:http'
import { StorageUnavailableError } from '../errors.ts'

const retryAfterSeconds = 5
/** For an exhausted hourly quota or too many calls at once: retries every few seconds would only add calls. */
const limitedRetryAfterSeconds = 60
const limited = [420, 429]

/** Creates the error for a Cloudinary that is unreachable, overloaded or refuses the account. */
export function unavailable(reason: string, status?: number): StorageUnavailableError {
  const isLimited = status !== undefined && limited.includes(status)
  return new StorageUnavailableError({
    retryAfterSeconds: isLimited ? limitedRetryAfterSeconds : retryAfterSeconds,
    cause: new Error(`Cloudinary: ${reason}`),
  })
}

/**
 * Converts an error of the SDK. It may contain the credentials, so only its message and status are copied. Status 400 concerns this
 * one file (e.g. too large for the account), so a retry cannot succeed.
 */
export function faultOf(thrown: unknown): Error {
  const { message, http_code: status } = detailsOf(thrown)
  return status === 400
    ? new Error(`Cloudinary refused: ${message}`)
    : unavailable(`${status ?? 'no answer'}, ${message}`, status)
}

/** Reads message and status of an error: the SDK throws `{ error: { message, http_code } }`, the inner object or an Error. */
function detailsOf(thrown: unknown): { message: string; http_code?: number } {
  const outer = Object(thrown)
  const { message, http_code } = Object(outer.error ?? outer)
  return { message: String(message), ...(typeof http_code === 'number' && { http_code }) }
}

/** Creates the error for a refused delivery. Cloudinary sends its reason in a header. */
export const refusedDelivery = ({ statusCode, headers }: IncomingMessage): StorageUnavailableError =>
  unavailable(`${statusCode}, ${headers['x-cld-error'] ?? 'without a reason'}`, statusCode)
