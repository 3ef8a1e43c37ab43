import { startApp } from '../apps.ts'
import { perSecond } from '../figures.ts'
import { startLimit } from '../limits/start-limit.ts'
import { comparePair, defaultRounds, fewRounds } from '../pair.ts'
import type { Row } from '../row.ts'
import { insertAttachmentsAndReminders, insertTasks, insertTasksOfOthers } from '../tasks.ts'
import { insertUser, signIn } from '../users.ts'

const goal = 0.75
const growthGoal = 0.9
const otherOwners = 999
const path = '/api/v1/tasks?limit=20'

export const taskList: Row = {
  name: 'task-list',
  number: 4,
  ifMissed:
    'The page is one statement, its counting another (decision 043). Next: EXPLAIN both with the data of the row, and look for a plan that changed.',
  async measure(stage) {
    const { plan } = stage
    const user = await insertUser(stage)
    await insertTasks(stage, user, plan.tasks)
    await insertAttachmentsAndReminders(stage, user)
    const api = await startApp(stage, 'api')
    try {
      const cookie = await signIn(api.origin, user)
      const first = await fetch(api.origin + path, { headers: { cookie } })
      const limit = await startLimit(stage, 'bare-list', { body: await first.text(), user })
      const sides = { muster: api, limit, requests: [{ method: 'GET' as const, path, cookie }] }
      const pair = await comparePair({ ...sides, ...defaultRounds(plan) })
      await insertTasksOfOthers(stage, { owners: otherOwners, count: plan.tasksOfOthers })
      const grown = await comparePair({ ...sides, ...fewRounds(plan) })
      await limit.stop()
      const growth = grown.musterPerSecond / pair.musterPerSecond
      return [
        {
          what: 'GET /tasks?limit=20 of 10 k / the same SQL through bare pg',
          muster: perSecond(pair.musterPerSecond),
          limit: perSecond(pair.limitPerSecond),
          ratio: pair.ratio,
          goal: `≥ ${goal}`,
          isReached: pair.ratio >= goal,
          rssMiB: grown.rssMiB,
          limitRssMiB: grown.limitRssMiB,
          details: { pair, grown },
        },
        {
          what: 'the same among 1 M tasks of 1,000 owners / among its own alone',
          muster: perSecond(grown.musterPerSecond),
          limit: perSecond(pair.musterPerSecond),
          ratio: growth,
          goal: `≥ ${growthGoal}`,
          isReached: growth >= growthGoal,
          details: { ofAll: grown.musterPerSecond, alone: pair.musterPerSecond },
        },
      ]
    } finally {
      await api.stop()
      await stage.db.query('truncate tasks cascade')
    }
  },
}
