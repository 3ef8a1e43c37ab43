import { cpus } from 'node:os'
import { stolenSeconds } from './child.ts'

/** A round with more steal time (the host of the virtual machine ran other guests) is not representative. */
const maxStolenShare = 0.01
/** Measures at most this many times the requested rounds. */
const maxTries = 4

export type QuietRound<Round> = Round & { stolenShare: number; isCounted: boolean }

/**
 * Measures until enough rounds have little steal time, or counts those with the least. Meant for figures in
 * milliseconds, which steal time falsifies. Prints how many rounds do not count.
 * @returns every round; `isCounted` marks those that count
 */
export async function quietRounds<Round>(count: number, measure: () => Promise<Round>): Promise<QuietRound<Round>[]> {
  const rounds: QuietRound<Round>[] = []
  const quiet = () => rounds.filter(({ stolenShare }) => stolenShare <= maxStolenShare).length
  while (quiet() < count && rounds.length < count * maxTries) {
    const [stolenBefore, startMs] = [stolenSeconds(), performance.now()]
    const round = await measure()
    const processorSeconds = ((performance.now() - startMs) / 1_000) * cpus().length
    rounds.push({ ...round, stolenShare: (stolenSeconds() - stolenBefore) / processorSeconds, isCounted: false })
  }
  const quietest = rounds.toSorted((a, b) => a.stolenShare - b.stolenShare).slice(0, count)
  for (const round of quietest) round.isCounted = true
  if (rounds.length > count) {
    const worst = Math.max(...quietest.map(({ stolenShare }) => stolenShare))
    console.log(
      `  ${rounds.length - count} of ${rounds.length} rounds are left out: the host took up to ` +
        `${percent(Math.max(...rounds.map(({ stolenShare }) => stolenShare)))} of the processors away, and ${percent(worst)} at most in those that count.`,
    )
  }
  return rounds
}

const percent = (share: number) => `${(share * 100).toFixed(1)} %`
