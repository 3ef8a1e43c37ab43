import { DomainError } from '@muster/errors'
import type { FastifyRequest } from 'fastify'

const looksPerIdleTime = 15

/** Watches an upload until `end`. */
export type UploadGuard = {
  /** Aborts when the upload stands still or takes too long, with the DomainError to answer as its reason. */
  signal: AbortSignal
  /** The work's result, or the rejection with the signal's reason. */
  unlessStalled<T>(work: Promise<T>): Promise<T>
  end(): void
}

/** Looks at the socket's count of bytes now and then: that costs nothing per chunk and does not touch the stream. */
export function guardUpload(request: FastifyRequest, limits: { idleMs: number; totalMs: number }): UploadGuard {
  const controller = new AbortController()
  const { signal } = controller
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  aborted.catch(() => {})
  const stop = (message: string) => controller.abort(new DomainError('VALIDATION_FAILED', { message }))

  const { socket } = request.raw
  let seenBytes = socket.bytesRead
  let movedAtMs = performance.now()
  const startedAtMs = movedAtMs
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (socket.bytesRead !== seenBytes) {
      seenBytes = socket.bytesRead
      movedAtMs = nowMs
    }
    if (nowMs - startedAtMs >= limits.totalMs) stop(`The upload took longer than ${limits.totalMs / 60_000} minutes.`)
    else if (nowMs - movedAtMs >= limits.idleMs) stop(`The upload stood still for ${limits.idleMs / 1_000} seconds.`)
  }, limits.idleMs / looksPerIdleTime)

  return {
    signal,
    unlessStalled: (work) => Promise.race([work, aborted]),
    end: () => clearInterval(timer),
  }
}
