import { cpus } from 'node:os'
import { stolenSeconds } from './child.ts'

/** A round during which the host of a virtual machine took more of its processors away says little about Muster. */
const maxStolenShare = 0.01
/** So many times as many rounds are measured at most. */
const maxTries = 4

export type QuietRound<Round> = Round & { stolenShare: number; isCounted: boolean }

/**
 * For figures in milliseconds, which grow by each time that the host gives the processors to another guest: measures until
 * enough rounds were left alone, or else counts those that were it most. Says how many it left out.
 * @returns every round, those that count marked
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
