const uuidShape = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

/** Returns the id of the trace of a request: the UUID of the request without dashes. Undefined for anything else than a UUID. */
export const traceIdOf = (uuid: string | undefined): string | undefined =>
  uuid && uuidShape.test(uuid)
    ? uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(14, 18) + uuid.slice(19, 23) + uuid.slice(24)
    : undefined

let chosen: string | undefined

/** Runs `fn`, in which a new trace gets this id. */
export function chooseTraceId<T>(traceId: string | undefined, fn: () => T): T {
  chosen = traceId
  try {
    return fn()
  } finally {
    chosen = undefined
  }
}

/** Returns the id that `chooseTraceId` has for the trace that begins now; undefined for a random one. */
export const chosenTraceId = (): string | undefined => chosen
