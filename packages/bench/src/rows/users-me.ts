import { startApp } from '../apps.ts'
import { perSecond } from '../figures.ts'
import { startLimit } from '../limits/start-limit.ts'
import { comparePair, usualRounds } from '../pair.ts'
import { insertPerson, signIn } from '../people.ts'
import type { Row } from '../row.ts'

const path = '/api/v1/users/me'
const goal = 0.6

export const usersMe: Row = {
  name: 'users-me',
  number: 1,
  async measure(stage) {
    const person = await insertPerson(stage)
    const api = await startApp(stage, 'api')
    try {
      const cookie = await signIn(api.origin, person)
      const body = await (await fetch(api.origin + path, { headers: { cookie } })).text()
      const limit = await startLimit(stage, 'bare-jwt', { body })
      const requests = () => [{ method: 'GET' as const, path }]
      const pair = await comparePair({ muster: api, limit, cookie, requests, ...usualRounds(stage.plan) })
      await limit.stop()
      return [
        {
          what: 'GET /users/me, signed in, warm / bare-jwt',
          muster: perSecond(pair.musterPerSecond),
          limit: perSecond(pair.limitPerSecond),
          ratio: pair.ratio,
          goal: `≥ ${goal}`,
          isReached: pair.ratio >= goal,
          rssMiB: pair.rssMiB,
          limitRssMiB: pair.limitRssMiB,
          details: pair.rounds,
        },
      ]
    } finally {
      await api.stop()
    }
  },
}
