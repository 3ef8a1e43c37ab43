import { dateIn, startOfDate } from '@muster/zones'
import type { Deps } from '../../deps.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { getProfile } from '../accounts/own-profile.service.ts'
import { countResults } from './email-results.queries.ts'
import { type EmailResults, type EmailResultsQuery, resultSteps } from './email-results.schema.ts'
import { assertPermission, type Principal } from './principal.ts'

/** Counts how attempts to send mails ended, in steps of a range. */
export async function readResults(
  { reads, ...deps }: Pick<Deps, 'lookups' | 'cache' | 'clock'> & { reads: Reads },
  principal: Principal,
  query: EmailResultsQuery,
): Promise<EmailResults[]> {
  assertPermission(principal, 'email.read')
  const timezone = principal.actor ? (await getProfile(deps, principal.actor.userId)).user.timezone : 'UTC'
  const times = stepsOf(query, timezone)
  if (times.length < 2) return []
  const rows = await reads.read((db) => countResults(db, times), 'bySession')
  const results = times.slice(0, -1).map((at) => ({ at: at.toISOString(), ...noResults }))
  for (const { step, outcome, count } of rows) {
    const result = results[step - 1]
    if (result) result[outcome as keyof typeof noResults] = count
  }
  return results
}

const noResults = { sent: 0, retried: 0, failed: 0, dropped: 0, interrupted: 0 }

/** Returns the moments at which the steps of a range begin, and its end. Days begin at midnight of the zone, whose clock may change. */
function stepsOf({ from, to, step }: EmailResultsQuery, timezone: string): Date[] {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)]
  const stepMs = resultSteps[step] * 60_000
  const starts: number[] = []
  if (step === 'day') {
    const last = dateIn(timezone, new Date(toMs))
    for (
      let date = dateIn(timezone, new Date(fromMs));
      Temporal.PlainDate.compare(date, last) <= 0;
      date = date.add({ days: 1 })
    )
      starts.push(startOfDate(date, timezone).getTime())
  } else for (let at = Math.floor(fromMs / stepMs) * stepMs; at < toMs; at += stepMs) starts.push(at)
  // A date that a zone skipped begins where the next one does.
  const inside = [...new Set(starts.map((at) => Math.max(at, fromMs)))].filter((at) => at < toMs)
  return [...inside, toMs].map((at) => new Date(at))
}
