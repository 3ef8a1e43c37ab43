import type { Storage } from '../storage.ts'

/** Calls `work` with every key of a store, several at a time. Stops with the first error, when no call is running any more. */
export async function forEachFile(
  storage: Pick<Storage, 'list'>,
  { concurrency, signal }: { concurrency: number; signal: AbortSignal },
  work: (key: string) => Promise<void>,
): Promise<void> {
  const files = storage.list('')[Symbol.asyncIterator]()
  let hasFailed = false
  const take = async () => {
    while (!hasFailed) {
      signal.throwIfAborted()
      const { done, value } = await files.next()
      if (done) return
      await work(value.key)
    }
  }
  const takers = Array.from({ length: concurrency }, () =>
    take().catch((error: unknown) => {
      hasFailed = true
      throw error
    }),
  )
  const failed = (await Promise.allSettled(takers)).find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
