/** A run of the chain in which some events are of one kind. */
export type ChainRun = {
  fromSeq: number
  toSeq: number
  /** The number of these events in the run. */
  events: number
}

const maxRuns = 500

/**
 * Collects the numbers of events, in ascending order, as at most 500 runs. While they are few, a run has no other events; when they are
 * many, runs that lie close together become one, whose `events` tells how many of its events are meant.
 */
export function createRuns(): { add(seq: number): void; list(): ChainRun[] } {
  let runs: ChainRun[] = []
  let maxGap = 1
  const push = (list: ChainRun[], run: ChainRun) => {
    const last = list.at(-1)
    if (!last || run.fromSeq - last.toSeq > maxGap) return void list.push(run)
    last.toSeq = Math.max(last.toSeq, run.toSeq)
    last.events += run.events
  }
  return {
    add(seq) {
      push(runs, { fromSeq: seq, toSeq: seq, events: 1 })
      while (runs.length > maxRuns) {
        maxGap *= 2
        const joined: ChainRun[] = []
        for (const run of runs) push(joined, run)
        runs = joined
      }
    },
    list: () => runs.map((run) => ({ ...run })),
  }
}
