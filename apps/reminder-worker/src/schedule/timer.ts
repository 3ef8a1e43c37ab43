import { isDatabaseUnavailable } from '@muster/db'
import { type Outage, trackOutage } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { claimDigests } from './claim-digests.ts'
import { claimNotices } from './claim-notices.ts'
import { claimReminders } from './claim-reminders.ts'
import { type DueKind, dueKinds, whatsDue } from './whats-due.queries.ts'

type Needs = Pick<Deps, 'db' | 'transact' | 'clock' | 'log'>
type Watched = Needs & { outage: Outage }

/** Each hands over a bounded number and says whether there may be more. */
const claims: Record<DueKind, (needs: Needs) => Promise<boolean>> = {
  reminders: claimReminders,
  digests: claimDigests,
  upcoming: (needs) => claimNotices(needs, 'upcoming'),
  overdue: (needs) => claimNotices(needs, 'overdue'),
}

/** Looks for what is due, one look after the other, until closed. While Postgres is away it keeps trying. */
export function startTimer(given: Needs, { tickMs }: { tickMs: number }): { close(): Promise<void> } {
  const outage = trackOutage({
    log: given.log,
    fields: { dependency: 'postgres', component: 'schedule' },
    down: 'schedule waiting for postgres',
    up: 'schedule goes on',
  })
  const needs = { ...given, outage }
  let isClosing = false
  let timer: NodeJS.Timeout | undefined

  const tick = async () => {
    // In turns, so that many of one kind hold up none of another.
    while (await claimSome(needs, () => isClosing));
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

/** Of each kind that is due, hands over once. @returns whether there may be more */
async function claimSome(needs: Watched, isClosing: () => boolean): Promise<boolean> {
  const due = await whatsDue(needs.db, needs.clock.now()).catch((error: unknown) => tell(needs, error))
  if (due) needs.outage.succeeded()
  let isMore = false
  for (const kind of dueKinds.filter((kind) => due?.[kind])) {
    if (isClosing()) return false
    // A fault in one kind is none of the others.
    const isFull = await claims[kind](needs).catch((error: unknown) => tell(needs, error, kind))
    isMore ||= isFull === true
  }
  return isMore
}

function tell({ log, outage }: Watched, error: unknown, kind?: DueKind): undefined {
  if (isDatabaseUnavailable(error)) outage.failed(error)
  else log.error({ err: error, kind }, 'what is due could not be handed over')
}
