import { setTimeout as sleep } from 'node:timers/promises'
import { countFailedOf, type FailedJobGroup, groupFailedJobs } from '@muster/jobs/admin'
import type { QueueName } from '@muster/jobs/definitions'
import type { Deps } from '../../deps.ts'

const pageSize = 5_000
/** Beyond it, rarer groups are counted as one. */
const maxGroups = 1_000
/** A complete snapshot serves so long; a later caller begins a new one. */
const freshForMs = 3_000
/** How long a caller waits for a snapshot to become complete: up to some thousand jobs, every answer is. */
const patienceMs = 100

/** The failed jobs of a queue by name and reason, as far as they are counted. */
export type FailureSnapshot = {
  countedAt: Date
  /** The failed jobs when the count began. */
  total: number
  counted: number
  isComplete: boolean
  groups: Map<string, FailedJobGroup>
}

export type FailureSnapshots = ReturnType<typeof createFailureSnapshots>

/** Counts failed jobs by reason, page by page in the background, so that no caller and no statement waits for hundreds of thousands of rows. */
export function createFailureSnapshots({ db, clock }: Pick<Deps, 'db' | 'clock'>) {
  const complete = new Map<QueueName, FailureSnapshot>()
  const building = new Map<QueueName, { snapshot: FailureSnapshot; done: Promise<void> }>()

  function begin(queue: QueueName) {
    const snapshot: FailureSnapshot = {
      countedAt: clock.now(),
      total: 0,
      counted: 0,
      isComplete: false,
      groups: new Map(),
    }
    const isCurrent = () => building.get(queue)?.snapshot === snapshot
    const done = build(queue, snapshot)
      .then(() => void (isCurrent() && complete.set(queue, snapshot)))
      .finally(() => void (isCurrent() && building.delete(queue)))
    // Each caller of that moment gets the error; the next one begins again.
    done.catch(() => {})
    const begun = { snapshot, done }
    building.set(queue, begun)
    return begun
  }

  async function build(queue: QueueName, snapshot: FailureSnapshot): Promise<void> {
    snapshot.total = await countFailedOf(db, queue)
    let afterId: string | undefined
    do {
      const page = await groupFailedJobs(db, queue, { afterId, limit: pageSize })
      for (const group of page.groups) add(snapshot, group)
      afterId = page.lastId
    } while (afterId !== undefined)
    snapshot.isComplete = true
  }

  return {
    /**
     * Returns the groups of a queue: the newest complete snapshot, or the one that is being built while there is none.
     * @throws when Postgres is unavailable
     */
    async read(queue: QueueName): Promise<FailureSnapshot> {
      const known = complete.get(queue)
      if (known && clock.now().getTime() - known.countedAt.getTime() < freshForMs) return known
      const { snapshot, done } = building.get(queue) ?? begin(queue)
      await Promise.race([done, sleep(patienceMs, undefined, { ref: false })])
      return snapshot.isComplete || !known ? snapshot : known
    },
    /** Forgets what was counted, since the caller has changed it. */
    forget(queue: QueueName): void {
      complete.delete(queue)
      building.delete(queue)
    },
  }
}

function add(snapshot: FailureSnapshot, group: FailedJobGroup): void {
  const { groups } = snapshot
  snapshot.counted += group.count
  const key = JSON.stringify([group.jobName, group.reason])
  const known = groups.get(key)
  if (!known) {
    if (groups.size < maxGroups) groups.set(key, { ...group })
    return
  }
  known.count += group.count
  if (group.firstFailedAt < known.firstFailedAt) known.firstFailedAt = group.firstFailedAt
  if (group.lastFailedAt > known.lastFailedAt) known.lastFailedAt = group.lastFailedAt
}
