import { startApp } from '../apps.ts'
import { rssMiB, startChild } from '../child.ts'
import { milliseconds, perSecond } from '../figures.ts'
import type { Comparing } from '../limits/bare-bcrypt.ts'
import { startLoad } from '../load/load.ts'
import type { Row } from '../row.ts'
import { median } from '../statistics.ts'
import { insertUser, insertUsers, loginRequest, signIn } from '../users.ts'

/** The default of the API. With a cheaper hash, the rest of a sign-in would seem expensive. */
const cost = 12
const goal = 0.92
const meanwhile = { perSecond: 200 }
const readP99GoalMs = 15
/** More than cores, so that a request always waits; few enough that no request waits long. */
const connections = 6

export const login: Row = {
  name: 'login',
  number: 5,
  ifMissed:
    'Hashing has lower priority than requests, so on a machine with other load it gets less than the bare side. Next: repeat with nothing else running.',
  async measure(stage) {
    const reader = await insertUser(stage)
    const users = await insertUsers(stage, connections * 8, cost)
    const api = await startApp(stage, 'api', { BCRYPT_COST: String(cost) })
    const limit = await startChild<Comparing, number>(new URL('../limits/bare-bcrypt.ts', import.meta.url))
    const [loader, bystander] = [await startLoad(), await startLoad()]
    const { rounds, roundSeconds, isSmoke } = stage.plan
    const seconds = isSmoke ? roundSeconds : roundSeconds * 2
    const logins = { origin: api.origin, requests: users.map(loginRequest), connections, seconds }
    try {
      const cookie = await signIn(api.origin, reader)
      const reads = {
        ...logins,
        requests: [{ method: 'GET' as const, path: '/api/v1/users/me', cookie }],
        ...meanwhile,
      }
      await loader.ask(logins)
      const measured: { muster: number; limit: number; readP99Ms: number; readFailures: number }[] = []
      for (let round = 0; round < rounds; round++) {
        const bare = await limit.ask({ cost, seconds })
        const own = await loader.ask(logins)
        const [, read] = await Promise.all([loader.ask(logins), bystander.ask(reads)])
        if (own.failures > 0) throw new Error(`${own.failures} sign-ins failed`)
        measured.push({ muster: own.perSecond, limit: bare, readP99Ms: read.p99Ms, readFailures: read.failures })
      }
      const ratio = median(measured.map((round) => round.muster / round.limit))
      const readP99Ms = median(measured.map((round) => round.readP99Ms))
      return [
        {
          what: `POST /auth/login, cost ${cost} / bare-bcrypt`,
          muster: perSecond(median(measured.map((round) => round.muster))),
          limit: perSecond(median(measured.map((round) => round.limit))),
          ratio,
          goal: `≥ ${goal}`,
          isReached: ratio >= goal,
          rssMiB: rssMiB(api.pid),
          details: measured,
        },
        {
          what: `meanwhile GET /users/me at ${meanwhile.perSecond}/s, p99`,
          muster: milliseconds(readP99Ms),
          limit: '–',
          goal: `≤ ${readP99GoalMs} ms`,
          isReached: readP99Ms <= readP99GoalMs && measured.every(({ readFailures }) => readFailures === 0),
          details: measured,
        },
      ]
    } finally {
      await Promise.all([loader.stop(), bystander.stop(), limit.stop(), api.stop()])
    }
  },
}
