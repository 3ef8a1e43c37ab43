const uuidShape = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/

let chosen: string | undefined

/** Runs `fn`, in which a new trace gets this UUID as its id: the trace of a request is found by the id of the request. */
export function chooseTraceId<T>(uuid: string | undefined, fn: () => T): T {
  if (uuid && uuidShape.test(uuid)) chosen = uuid.replaceAll('-', '')
  try {
    return fn()
  } finally {
    chosen = undefined
  }
}

/** Returns the id that `chooseTraceId` has for the trace that begins now; undefined for a random one. */
export const chosenTraceId = (): string | undefined => chosen
