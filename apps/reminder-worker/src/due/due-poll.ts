import { isDatabaseUnavailable } from '@muster/db'
import { type Outage, trackOutage } from '@muster/telemetry'
import type { Deps } from '../deps.ts'
import { claimDigests } from './claim-digests.ts'
import { claimNotices } from './claim-notices.ts'
import { claimReminders } from './claim-reminders.ts'
import { type DueKind, findDue } from './find-due.ts'

type PollDeps = Pick<Deps, 'db' | 'transact' | 'clock' | 'log'> & { publisher: Pick<Deps['publisher'], 'hold'> }
/** One for the poll itself and one for each kind of work. */
type Outages = Record<DueKind | 'poll', Outage>
type TrackedDeps = PollDeps & { outages: Outages }

/** Each claims a limited number of rows and returns whether there may be more. */
const claims: Record<DueKind, (deps: PollDeps) => Promise<boolean>> = {
  reminders: claimReminders,
  digests: claimDigests,
  upcoming: (deps) => claimNotices(deps, 'upcoming'),
  overdue: (deps) => claimNotices(deps, 'overdue'),
}

/**
 * Polls Postgres for due work every `tickMs` until closed, and claims it. Keeps polling while Postgres is unavailable; claims nothing while
 * this installation is held, so that what became due meanwhile is judged as after downtime when it is released.
 */
export function startDuePoll(given: PollDeps, { tickMs }: { tickMs: number }): { close(): Promise<void> } {
  const deps = { ...given, outages: trackOutages(given) }
  let isClosing = false
  let timer: NodeJS.Timeout | undefined

  const poll = async () => {
    // Each round claims one batch of each kind, so that a backlog of one kind delays no other.
    while (await claimRound(deps, () => isClosing));
    if (!isClosing) timer = setTimeout(start, tickMs)
  }
  let polling = poll()
  function start() {
    polling = poll()
  }

  return {
    async close() {
      isClosing = true
      clearTimeout(timer)
      await polling
    },
  }
}

function trackOutages({ log }: Pick<Deps, 'log'>): Outages {
  const track = (claims: string) =>
    trackOutage({
      log,
      fields: { dependency: 'postgres', component: 'due-poll', claims },
      down: 'due poll failed, retrying with each tick',
      up: 'due poll recovered',
    })
  return {
    poll: track('all'),
    reminders: track('reminders'),
    digests: track('digests'),
    upcoming: track('upcoming'),
    overdue: track('overdue'),
  }
}

/** Claims one batch of each kind that is due. @returns whether there may be more */
async function claimRound(deps: TrackedDeps, isClosing: () => boolean): Promise<boolean> {
  if (deps.publisher.hold.isHeld()) return false
  const due = (await tracked(deps.outages.poll, () => findDue(deps))) ?? []
  let isMore = false
  for (const kind of due) {
    if (isClosing()) return false
    // A failure of one kind does not stop the others.
    const isFull = await tracked(deps.outages[kind], () => claims[kind](deps))
    isMore ||= isFull === true
  }
  return isMore
}

/** Runs `work` and logs only the first of several failures in a row. @returns undefined when it failed */
async function tracked<T>(outage: Outage, work: () => Promise<T>): Promise<T | undefined> {
  try {
    const result = await work()
    outage.succeeded()
    return result
  } catch (error) {
    // For a known outage the code is sufficient; any other error is logged as a whole.
    outage.failed(error, isDatabaseUnavailable(error) ? {} : { err: error })
    return undefined
  }
}
