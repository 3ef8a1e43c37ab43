import { startApp } from '../apps.ts'
import { perSecond } from '../figures.ts'
import { startLimit } from '../limits/start-limit.ts'
import { comparePair, defaultRounds, fewRounds } from '../pair.ts'
import type { Row } from '../row.ts'
import { insertTasks, someTasks } from '../tasks.ts'
import { insertUser, signIn } from '../users.ts'

const goal = 1
const askedFor = 1_000
const pathOf = (id: string) => `/api/v1/tasks/${id}`

export const taskRead: Row = {
  name: 'task-read',
  number: 2,
  ifMissed:
    'Reads of one moment share a statement (decision 043), which needs 16 or more requests at a time. Next: look at the processor time in the details, which other load moves less than the rate.',
  async measure(stage) {
    const { plan } = stage
    const user = await insertUser(stage)
    await insertTasks(stage, user, plan.tasks)
    const api = await startApp(stage, 'api')
    try {
      const cookie = await signIn(api.origin, user)
      const requests = async () =>
        (await someTasks(stage, user, askedFor)).map((id) => ({ method: 'GET' as const, path: pathOf(id), cookie }))
      const few = await requests()
      const first = await fetch(api.origin + few[0]?.path, { headers: { cookie } })
      const limit = await startLimit(stage, 'bare-select', { body: await first.text() })
      const sides = { muster: api, limit }
      const pair = await comparePair({ ...sides, requests: few, ...defaultRounds(plan) })
      await insertTasks(stage, user, plan.tasks * 9)
      const tenfold = await comparePair({ ...sides, requests: await requests(), ...fewRounds(plan) })
      await limit.stop()
      return [
        {
          what: 'GET /tasks/:id with its visibility rule / bare-select',
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
      await stage.db.query('truncate tasks cascade')
    }
  },
}
