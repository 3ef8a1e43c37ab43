import { randomUUID } from 'node:crypto'
import type { RunningApp } from '../../apps.ts'
import { settleAudit } from '../../audit-lag.ts'
import { createGroup, type Member } from '../../crowd.ts'
import type { LoadRequest } from '../../load/load.ts'
import type { Stage } from '../../stage.ts'
import { insertAttachmentsAndReminders, insertTasks, someTasks } from '../../tasks.ts'
import { insertUsers, loginRequest } from '../../users.ts'
import type { Cost, RequestKind } from '../constants.ts'
import { costOf, type Pids } from './probe.ts'
import { sendRequests } from './requests.ts'

/** The cost at which production hashes passwords, unless it says otherwise. */
const productionBcryptCost = 12
const textBytes = 200
const tasksOfUser = 1_000
const chatsOfUser = 16

type Kind = {
  count: number
  make: (index: number) => LoadRequest
  isWrite?: true
  atOnce?: number
  settle?: () => Promise<unknown>
}

/** Measures each kind of request after a warm-up. The audit worker runs beside, so that a task's row of the audit log is included. */
export async function measureRequests(
  stage: Stage,
  { api, pids, members, idle, count }: { api: RunningApp; pids: Pids; members: Member[]; idle: Cost; count: number },
): Promise<Record<RequestKind, Cost>> {
  const kinds = await kindsOf(stage, api, members, count)
  for (const kind of Object.values(kinds))
    await sendRequests(api.origin, Math.ceil(kind.count / 2), kind.make, kind.atOnce)
  const costs = {} as Record<RequestKind, Cost>
  for (const [name, { count, make, isWrite, settle, atOnce }] of Object.entries(kinds) as [RequestKind, Kind][]) {
    await settle?.()
    costs[name] = await costOf(stage, { pids, count, idle, ...(isWrite && { countsRows: true }) }, async () => {
      await sendRequests(api.origin, count, make, atOnce)
      await settle?.()
    })
  }
  return costs
}

async function kindsOf(
  stage: Stage,
  api: RunningApp,
  members: Member[],
  count: number,
): Promise<Record<RequestKind, Kind>> {
  const [reader, friend] = members as [Member, Member]
  await insertTasks(stage, reader, tasksOfUser)
  await insertAttachmentsAndReminders(stage, reader)
  const tasks = await someTasks(stage, reader, 100)
  // Messages of one chat would wait for each other.
  const chats: string[] = []
  for (let count = 0; count < chatsOfUser; count++) chats.push(await createGroup(api, [reader, friend]))
  const [chatId = ''] = chats
  // Sign-ins at once to one account would wait for each other.
  const logins = (await insertUsers(stage, 16, productionBcryptCost)).map(loginRequest)
  const get = (path: string): Kind => ({
    count,
    make: () => ({ method: 'GET', path: `/api/v1${path}`, cookie: reader.cookie }),
  })
  const post = (pathOf: (index: number) => string, body: () => object): Kind => ({
    count,
    isWrite: true,
    make: (index) => ({
      method: 'POST',
      path: `/api/v1${pathOf(index)}`,
      cookie: reader.cookie,
      body: JSON.stringify(body()),
    }),
  })
  return {
    'message-send': post(
      (index) => `/chats/${chats[index % chats.length]}/messages`,
      () => ({ clientId: randomUUID(), body: 'x'.repeat(textBytes) }),
    ),
    'task-create': {
      ...post(
        () => '/tasks',
        () => ({ title: 'Paint the bench', dueDate: '2031-05-01T08:00:00.000Z', priority: 'high' }),
      ),
      settle: () => settleAudit(stage),
    },
    'users-me': get('/users/me'),
    'task-read': {
      count,
      make: (index) => ({ method: 'GET', path: `/api/v1/tasks/${tasks[index % tasks.length]}`, cookie: reader.cookie }),
    },
    'task-list': get('/tasks?limit=20'),
    'chat-list': get('/chats'),
    'message-list': get(`/chats/${chatId}/messages?limit=50`),
    'notification-list': get('/notifications?limit=20'),
    // The API refuses sign-ins that would wait long for a thread.
    login: {
      settle: () => settleAudit(stage),
      isWrite: true,
      atOnce: 2,
      count: Math.max(4, Math.round(count / 50)),
      make: (index) => logins[index % logins.length] as LoadRequest,
    },
  }
}
