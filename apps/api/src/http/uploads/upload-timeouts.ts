import { DomainError } from '@muster/errors'
import type { FastifyRequest } from 'fastify'

const checksPerIdleTime = 15

/** The timeouts of one upload, until `end`. */
export type UploadTimeouts = {
  /** Aborts when the upload stalls or takes too long; its reason is the DomainError for the response. */
  signal: AbortSignal
  /** Resolves like `work`; rejects with the signal's reason as soon as the upload stalls. */
  unlessStalled<T>(work: Promise<T>): Promise<T>
  end(): void
}

/** Checks the number of received bytes on a timer, which costs nothing per chunk and does not touch the stream. */
export function enforceUploadTimeouts(
  request: FastifyRequest,
  limits: { idleMs: number; totalMs: number },
): UploadTimeouts {
  const controller = new AbortController()
  const { signal } = controller
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
  aborted.catch(() => {})
  const stop = (message: string) => controller.abort(new DomainError('VALIDATION_FAILED', { message }))

  const { socket } = request.raw
  let lastBytes = socket.bytesRead
  let progressAtMs = performance.now()
  const startedAtMs = progressAtMs
  const timer = setInterval(() => {
    const nowMs = performance.now()
    if (socket.bytesRead !== lastBytes) {
      lastBytes = socket.bytesRead
      progressAtMs = nowMs
    }
    if (nowMs - startedAtMs >= limits.totalMs) stop(`The upload took longer than ${limits.totalMs / 60_000} minutes.`)
    else if (nowMs - progressAtMs >= limits.idleMs)
      stop(`The upload stalled: no data arrived for ${limits.idleMs / 1_000} seconds.`)
  }, limits.idleMs / checksPerIdleTime)

  return {
    signal,
    unlessStalled: (work) => Promise.race([work, aborted]),
    end: () => clearInterval(timer),
  }
}
