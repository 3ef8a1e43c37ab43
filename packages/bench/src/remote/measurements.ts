import { setTimeout as sleep } from 'node:timers/promises'
import { io } from 'socket.io-client'
import { milliseconds } from '../figures.ts'
import type { Line } from '../row.ts'
import { quantile } from '../statistics.ts'
import { type Account, createAccount, signIn } from './account.ts'

export type Remote = {
  origin: string
  account: Account
  credentials: { email: string; password: string }
  requests: number
  signal: AbortSignal
  /** Notes a task to delete at the end. */
  onTask(id: string): void
}

/** The beginning of the titles of all tasks that are written. */
export const titlePrefix = 'Muster bench'
/** Each sign-in costs the deployment a hash of a password. */
const signIns = 5
/** Far below the limits of a deployment, so that its users notice nothing. */
const pauseMs = 100
const pushLimitMs = 10_000

/** Measures what can be seen from outside, one request after the other. */
export async function measureRemote(remote: Remote): Promise<Line[]> {
  const { account } = remote
  const times = (work: (round: number) => Promise<number>, count = remote.requests) => inTurn(remote, count, work)
  const get = async (path: string) => (await account.send('GET', path)).ms

  const network = await times(() => get('/auth/config'))
  const me = await times(() => get('/users/me'))
  const created: string[] = []
  const creates = await times(async (round) => {
    const { ms, id } = await createTask(remote, round)
    created.push(id)
    return ms
  })
  const reads = await times((round) => get(`/tasks/${created[round % created.length]}`))
  const lists = await times(() => get('/tasks?limit=20'))
  const pushes = await measurePush(remote)
  const logins = await times(() => signInAgain(remote), signIns)

  const limit = quantile(network, 0.5)
  const line = (what: string, sorted: number[]) => lineOf(what, sorted, limit)
  return [
    line('GET /users/me', me),
    line('POST /tasks', creates),
    line('GET /tasks/:id', reads),
    line('GET /tasks?limit=20', lists),
    line('task written → `task:updated` on another connection', pushes),
    line('POST /auth/login', logins),
  ]
}

async function inTurn({ signal }: Remote, count: number, work: (round: number) => Promise<number>): Promise<number[]> {
  const times: number[] = []
  // The first one opens the connection.
  for (let round = 0; round <= count; round++) {
    const ms = await work(round)
    if (round > 0 || count === 1) times.push(ms)
    await sleep(pauseMs, undefined, { signal })
  }
  return times
}

async function createTask({ account, onTask }: Remote, round: number): Promise<{ ms: number; id: string }> {
  const { ms, data } = await account.send('POST', '/tasks', {
    title: `${titlePrefix} ${round}`,
    dueDate: '2099-01-01T00:00:00.000Z',
  })
  const { id } = (data as { task: { id: string } }).task
  onTask(id)
  return { ms, id }
}

/** Measures from the start of the request, since only the server knows when it committed. */
async function measurePush(remote: Remote): Promise<number[]> {
  const { origin, account, requests } = remote
  const socket = io(origin, {
    transports: ['websocket'],
    extraHeaders: { cookie: account.cookie() },
    reconnection: false,
  })
  const arrived = new Map<string, number>()
  socket.on('task:updated', ({ taskId }: { taskId: string }) => {
    if (!arrived.has(taskId)) arrived.set(taskId, performance.now())
  })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('connect_error', (error) => reject(new Error(`The socket was refused: ${error.message}`)))
    })
    // An event is answered once the connection has joined its rooms, also one that nobody knows.
    await socket.timeout(pushLimitMs).emitWithAck('hello', {})
    return await inTurn(remote, Math.min(requests, 20), async (round) => {
      const startMs = performance.now()
      const { id } = await createTask(remote, round)
      while (!arrived.has(id)) {
        if (performance.now() - startMs > pushLimitMs)
          throw new Error(`No event about the task came within ${pushLimitMs / 1_000} s.`)
        await sleep(1)
      }
      return (arrived.get(id) as number) - startMs
    })
  } finally {
    socket.disconnect()
  }
}

/** Signs in beside the session that measures, and signs out. */
async function signInAgain({ origin, credentials, signal }: Remote): Promise<number> {
  const another = createAccount(origin, signal)
  const ms = await signIn(another, credentials)
  await another.send('POST', '/auth/logout')
  return ms
}

function lineOf(what: string, times: number[], networkMs: number): Line {
  const p50Ms = quantile(times, 0.5)
  return {
    what: `${what}, p50 and p99 of ${times.length}`,
    muster: `${milliseconds(p50Ms)}, ${milliseconds(quantile(times, 0.99))}`,
    limit: milliseconds(networkMs),
    goal: '',
    details: times,
  }
}
