import type { RunningApp } from './apps.ts'
import { settleAudit } from './audit-lag.ts'
import { perSecond } from './figures.ts'
import type { LoadRequest } from './load/load.ts'
import { comparePair, fewRounds, type Pair } from './pair.ts'
import type { Line } from './row.ts'
import type { Stage } from './stage.ts'
import { median } from './statistics.ts'
import { someTasks } from './tasks.ts'
import { signIn, type User } from './users.ts'

const body = JSON.stringify({ title: 'Paint the bench', dueDate: '2031-05-01T08:00:00.000Z', priority: 'high' })

export type FrequentRequest = { what: string; requests: LoadRequest[] }

/** Returns the requests of rows 1 to 4, for a user who has tasks. */
export async function frequentRequests(stage: Stage, { origin }: RunningApp, user: User): Promise<FrequentRequest[]> {
  const cookie = await signIn(origin, user)
  const tasks = (await someTasks(stage, user, 1_000)).map((id) => `/api/v1/tasks/${id}`)
  return [
    { what: 'GET /users/me', requests: [{ method: 'GET', path: '/api/v1/users/me', cookie }] },
    { what: 'GET /tasks/:id', requests: tasks.map((path) => ({ method: 'GET', path, cookie })) },
    { what: 'POST /tasks', requests: [{ method: 'POST', path: '/api/v1/tasks', cookie, body }] },
    { what: 'GET /tasks?limit=20', requests: [{ method: 'GET', path: '/api/v1/tasks?limit=20', cookie }] },
  ]
}

type Compared = { requests: LoadRequest[]; muster: RunningApp; limit: RunningApp; rounds?: number }

/** Compares two APIs by a request. @param rounds how often, by default a few times */
export const compareApis = (stage: Stage, { rounds, ...sides }: Compared): Promise<Pair> =>
  comparePair({ ...sides, settle: () => settleAudit(stage), ...fewRounds(stage.plan), ...(rounds && { rounds }) })

/** Makes a line of it, with the processor time that each API spends on one request. @param goal none for a line that only informs */
export const apisLine = (what: string, pair: Pair, goal?: number): Line => ({
  what,
  muster: figuresOf(pair, 'muster'),
  limit: figuresOf(pair, 'limit'),
  ratio: pair.ratio,
  goal: goal === undefined ? '' : `≥ ${goal}`,
  ...(goal !== undefined && { isReached: pair.ratio >= goal }),
  rssMiB: pair.rssMiB,
  limitRssMiB: pair.limitRssMiB,
  details: pair,
})

/** Formats the rate, and the processor time of the API alone per request. */
function figuresOf({ rounds }: Pair, side: 'muster' | 'limit'): string {
  const cpuMs = rounds.map((round) => ((round[side].busy ?? Number.NaN) / round[side].perSecond) * 1_000)
  return `${perSecond(median(rounds.map((round) => round[side].perSecond)))}, ${median(cpuMs).toFixed(2)} ms CPU`
}
