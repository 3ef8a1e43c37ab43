/**
 * Wraps a reading so that concurrent callers share one. A caller never gets one that began before they asked: while one runs, the next
 * begins after it, for all who ask meanwhile.
 */
export function shareNext<T>(read: () => Promise<T>): () => Promise<T> {
  let running: Promise<unknown> | undefined
  let next: Promise<T> | undefined
  const start = (): Promise<T> => {
    next = undefined
    const reading = read()
    const settled = reading.then(
      () => {},
      () => {},
    )
    running = settled
    void settled.then(() => {
      if (running === settled) running = undefined
    })
    return reading
  }
  return () => {
    if (!running) return start()
    next ??= running.then(start)
    return next
  }
}
