import { isDatabaseUnavailable } from '@muster/db'
import { type Outage, trackOutage } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { claimDigests } from './claim-digests.ts'
import { claimNotices } from './claim-notices.ts'
import { claimReminders } from './claim-reminders.ts'
import { type DueKind, dueKinds, whatsDue } from './due.queries.ts'

type Needs = Pick<Deps, 'db' | 'transact' | 'clock' | 'log'>
/** Of the look itself, and of each kind. */
type Outages = Record<DueKind | 'look', Outage>
type Watched = Needs & { outages: Outages }

/** Each hands over a bounded number and says whether there may be more. */
const claims: Record<DueKind, (needs: Needs) => Promise<boolean>> = {
  reminders: claimReminders,
  digests: claimDigests,
  upcoming: (needs) => claimNotices(needs, 'upcoming'),
  overdue: (needs) => claimNotices(needs, 'overdue'),
}

/** Looks for what is due, one look after the other, until closed. While Postgres is away it keeps trying. */
export function startTimer(given: Needs, { tickMs }: { tickMs: number }): { close(): Promise<void> } {
  const track = (component: string) =>
    trackOutage({
      log: given.log,
      fields: { dependency: 'postgres', component },
      down: 'schedule waiting for postgres',
      up: 'schedule goes on',
    })
  const outages: Outages = {
    look: track('schedule'),
    reminders: track('schedule reminders'),
    digests: track('schedule digests'),
    upcoming: track('schedule upcoming'),
    overdue: track('schedule overdue'),
  }
  const needs = { ...given, outages }
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
  const due = await watched(needs.outages.look, () => whatsDue(needs.db, needs.clock.now()))
  let isMore = false
  for (const kind of dueKinds.filter((kind) => due?.[kind])) {
    if (isClosing()) return false
    // A fault in one kind is none of the others.
    const isFull = await watched(needs.outages[kind], () => claims[kind](needs))
    isMore ||= isFull === true
  }
  return isMore
}

/** A fault comes back with each look: it is told once. @returns undefined when it failed */
async function watched<T>(outage: Outage, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    const answer = await ask()
    outage.succeeded()
    return answer
  } catch (error) {
    // Of what is no outage of Postgres a code says too little.
    outage.failed(error, isDatabaseUnavailable(error) ? {} : { err: error })
    return undefined
  }
}
