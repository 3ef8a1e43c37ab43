import { setTimeout as sleep } from 'node:timers/promises'

/** Does something again and again with a pause between, until `stop`. What it throws is ignored: faults are injected meanwhile. */
export function repeatDuring(pauseMs: number, act: () => Promise<unknown>): { stop(): Promise<void> } {
  let isStopping = false
  const running = (async () => {
    while (!isStopping) {
      await act().catch(() => {})
      await sleep(pauseMs)
    }
  })()
  return {
    async stop() {
      isStopping = true
      await running
    },
  }
}
