import { isDatabaseUnavailable } from '@muster/db'
import type { Deps } from '../deps.ts'
import { claimAllDue } from './claim-due.ts'

/** Looks for what is due, one look after the other, until closed. While Postgres is away it keeps trying. */
export function startTimer(
  deps: Pick<Deps, 'transact' | 'clock' | 'log'>,
  { tickMs }: { tickMs: number },
): { close(): Promise<void> } {
  const { log } = deps
  let isClosing = false
  let timer: NodeJS.Timeout | undefined

  const tick = async () => {
    try {
      await claimAllDue(deps, () => isClosing)
    } catch (error) {
      if (isDatabaseUnavailable(error)) log.warn({ err: error }, 'the schedule waits for Postgres')
      else log.error({ err: error }, 'what is due could not be handed over')
    }
    if (!isClosing) timer = setTimeout(start, tickMs)
  }
  let ticking = tick()
  function start() {
    ticking = tick()
  }

  return {
    async close() {
      isClosing = true
      clearTimeout(timer)
      await ticking
    },
  }
}
