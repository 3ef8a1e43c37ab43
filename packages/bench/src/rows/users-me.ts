import { startApp } from '../apps.ts'
import { perSecond } from '../figures.ts'
import { startLimit } from '../limits/start-limit.ts'
import { comparePair, defaultRounds, fewRounds } from '../pair.ts'
import type { Row } from '../row.ts'
import { insertUsers, signIn } from '../users.ts'

const path = '/api/v1/users/me'
const goal = 0.75

export const usersMe: Row = {
  name: 'users-me',
  number: 1,
  ifMissed:
    'The bare route costs 50 µs, and a Redis read, fourteen response headers and two schema passes cost as much again (decision 059). Next: a Redis read without a pipeline object and a timer for each command.',
  async measure(stage) {
    const { users } = stage.plan
    const allUsers = await insertUsers(stage, users * 10)
    const api = await startApp(stage, 'api')
    try {
      const cookies: string[] = []
      for (const user of allUsers) cookies.push(await signIn(api.origin, user))
      const all = cookies.map((cookie) => ({ method: 'GET' as const, path, cookie }))
      const first = await fetch(api.origin + path, { headers: { cookie: cookies[0] ?? '' } })
      const limit = await startLimit(stage, 'bare-jwt', { body: await first.text() })
      const sides = { muster: api, limit }
      const pair = await comparePair({ ...sides, requests: all.slice(0, users), ...defaultRounds(stage.plan) })
      const tenfold = await comparePair({ ...sides, requests: all, ...fewRounds(stage.plan) })
      await limit.stop()
      return [
        {
          what: 'GET /users/me, signed in, warm / bare-jwt',
          muster: perSecond(pair.musterPerSecond),
          limit: perSecond(pair.limitPerSecond),
          ratio: pair.ratio,
          goal: `≥ ${goal}`,
          isReached: pair.ratio >= goal,
          atTenfold: perSecond(tenfold.musterPerSecond),
          rssMiB: tenfold.rssMiB,
          limitRssMiB: tenfold.limitRssMiB,
          details: { pair, tenfold },
        },
      ]
    } finally {
      await api.stop()
    }
  },
}
