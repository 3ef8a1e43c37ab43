import { cpus, totalmem } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type RunningApp, startApp } from '../../apps.ts'
import { rssMiB } from '../../child.ts'
import { type Member, quickSignIn, seatsOf, sendHome, signInCrowd } from '../../crowd.ts'
import { fullPlan, smokePlan } from '../../plan.ts'
import { costOfSockets } from '../../rows/memory.ts'
import { measurable } from '../../settled-memory.ts'
import { startClients } from '../../sockets/clients.ts'
import { openStage, type Stage } from '../../stage.ts'
import { insertUsers } from '../../users.ts'
import type { Constants } from '../constants.ts'
import { measureRequests } from './http-costs.ts'
import { costOf, idleCost } from './probe.ts'
import { connectionsSince, measureFanOut, redisConnections } from './redis-costs.ts'
import { measureSockets } from './socket-costs.ts'
import {
  measureChain,
  measureImages,
  measureMails,
  measureNotifications,
  measureOutbox,
  measureReminders,
  redisBytes,
} from './worker-costs.ts'

export const measureCommand = 'npm run bench -- scale --measure'

/** How much is measured. */
type Size = {
  requests: number
  members: number
  idleSeconds: number
  chatSeconds: number
  connections: number
  polls: number
  mails: number
  notifications: number
  reminders: number
  auditRows: number
  outboxRows: number
  signals: number
  images: number
}

const fullSize: Size = {
  requests: 600,
  members: 201,
  idleSeconds: 10,
  chatSeconds: 6,
  connections: 2_000,
  polls: 4_000,
  mails: 1_000,
  notifications: 1_000,
  reminders: 600,
  auditRows: 20_000,
  outboxRows: 20_000,
  signals: 4_000,
  images: 6,
}

const smokeSize: Size = {
  requests: 50,
  members: 8,
  idleSeconds: 1,
  chatSeconds: 1,
  connections: 20,
  polls: 50,
  mails: 50,
  notifications: 50,
  reminders: 50,
  auditRows: 1_000,
  outboxRows: 500,
  signals: 50,
  images: 1,
}

/** Measures all constants of the model. @param isSmoke to test that it works: the figures mean nothing */
export async function measureConstants({ isSmoke }: { isSmoke: boolean }): Promise<Constants> {
  const stage = await openStage(isSmoke ? smokePlan : fullPlan, undefined)
  const size = isSmoke ? smokeSize : fullSize
  try {
    await setPageImages(stage, 'off')
    const versions = { postgres: await postgresVersion(stage), redis: await redisVersion(stage) }
    const conversation = await measureApis(stage, size)
    await sendHome(stage)
    const work = await measureWork(stage, size)
    const workers = await idleWorkers(stage, size)
    const idle = { api: conversation.idle, workers: workers.cost }
    const { mails, reminders, auditRows, images } = work
    return {
      command: measureCommand,
      date: new Date().toISOString().slice(0, 10),
      machine: {
        cpu: cpus()[0]?.model ?? 'unknown',
        cores: cpus().length,
        memoryGiB: Math.round(totalmem() / 2 ** 30),
        node: process.version,
        ...versions,
      },
      requests: conversation.requests,
      work: {
        'outbox-row': work.outbox,
        mail: mails.cost,
        notification: work.notifications,
        reminder: reminders.cost,
        'audit-row': auditRows.cost,
        image: images.cost,
      },
      idle,
      sockets: conversation.sockets,
      revocationPollUs: conversation.revocationPollUs,
      chainRowsPerSecond: auditRows.rowsPerSecond,
      redisFanOutUs: work.redisFanOutUs,
      redisConnections: { api: conversation.redisConnections, ...workers.redisConnections },
      redisBytesPerJob: mails.redisBytesPerJob,
      redisBytesPerActiveUser: conversation.redisBytesPerActiveUser,
      bytesPerUser: conversation.bytesPerUser,
      bytesPerSession: conversation.bytesPerSession,
      rssMiB: {
        api: conversation.rssMiB,
        'email-worker': mails.rssMiB,
        'audit-worker': auditRows.rssMiB,
        'reminder-worker': reminders.rssMiB,
        'image-worker': images.rssMiB,
      },
    }
  } finally {
    await setPageImages(stage, 'on')
    await stage.close()
  }
}

/** The log has an image of each page that changes for the first time after a checkpoint: how many depends on the moment. */
async function setPageImages({ db }: Stage, value: 'on' | 'off'): Promise<void> {
  await db.query(`alter system set full_page_writes = ${value}`)
  await db.query('select pg_reload_conf()')
}

async function measureApis(stage: Stage, size: Size) {
  const connectionsBefore = await redisConnections(stage)
  const api = await startApp(stage, 'api', quickSignIn)
  const connections = await connectionsSince(stage, connectionsBefore)
  const auditWorker = await startApp(stage, 'audit-worker')
  const others: { stop(): Promise<void> }[] = [auditWorker]
  const pids = { api: api.pid, 'audit-worker': auditWorker.pid }
  try {
    say('an idle API')
    const idle = await idleCost(stage, pids, size.idleSeconds)
    const before = await bytesOf(stage)
    const redisBefore = await redisBytes(stage)
    say(`${size.members} users sign in`)
    const members = await signInCrowd(stage, api, size.members)
    await meetOnce(api.origin, members)
    const grown = await bytesOf(stage)
    const redisBytesPerActiveUser = ((await redisBytes(stage)) - redisBefore) / members.length
    say('requests')
    const requests = await measureRequests(stage, { api, pids, members, idle, count: size.requests })
    const memory = rssMiB(api.pid)
    say('sockets')
    const receiving = await startApp(stage, 'api', quickSignIn)
    others.push(receiving)
    const sockets = await measureSockets(stage, { sending: api, receiving }, { members, seconds: size.chatSeconds })
    const redisBytesOfSocket = await redisBytesPerConnection(stage, receiving.origin, members)
    const revocationPollUs = await measurePoll(stage, size.polls, idle.cpuUs.postgres ?? 0)
    const connectionBytes = await measureConnections(stage, members, size.connections)
    return {
      idle,
      requests,
      redisConnections: connections,
      rssMiB: memory,
      sockets: { ...sockets, connectionBytes, redisBytes: redisBytesOfSocket },
      revocationPollUs,
      redisBytesPerActiveUser,
      bytesPerUser: (grown.users - before.users) / members.length,
      bytesPerSession: (grown.sessions - before.sessions) / members.length,
    }
  } finally {
    await Promise.all([api.stop(), ...others.map((each) => each.stop())])
  }
}

async function measureWork(stage: Stage, size: Size) {
  say('signals')
  const redisFanOutUs = await measureFanOut(stage, size.signals)
  say('the outbox')
  const outbox = await measureOutbox(stage, size.outboxRows)
  say('the audit chain')
  const auditRows = await measureChain(stage, size.auditRows)
  say('notifications')
  const notifications = await measureNotifications(stage, await someUsers(stage, 200), size.notifications)
  say('reminders')
  const reminders = await measureReminders(stage, size.reminders)
  await stage.db.query('truncate email_messages, outbox, audit_pending cascade')
  await stage.redis.flushall()
  say('mails')
  const mails = await measureMails(stage, size.mails)
  say('images')
  const images = await measureImages(stage, size.images)
  return { redisFanOutUs, outbox, auditRows, notifications, reminders, mails, images }
}

async function idleWorkers(stage: Stage, { idleSeconds }: Size) {
  say('idle workers')
  const names = ['email-worker', 'audit-worker', 'reminder-worker', 'image-worker'] as const
  const workers: RunningApp[] = []
  const redisConnectionsOf: Record<string, number> = {}
  try {
    for (const name of names) {
      const before = await redisConnections(stage)
      workers.push(await startApp(stage, name, name === 'email-worker' ? { SMTP_URL: 'smtp://127.0.0.1:1' } : {}))
      redisConnectionsOf[name] = await connectionsSince(stage, before)
    }
    const pids = Object.fromEntries(names.map((name, index) => [name, workers[index]?.pid ?? 0]))
    return { cost: await idleCost(stage, pids, idleSeconds), redisConnections: redisConnectionsOf }
  } finally {
    await Promise.all(workers.map((worker) => worker.stop()))
  }
}

/** Makes the first requests of a session, after which Redis holds what it holds of an active user. */
async function meetOnce(origin: string, members: Member[]): Promise<void> {
  for (const { cookie } of members)
    for (const path of ['/users/me', '/tasks?limit=20', '/notifications?limit=20'])
      await fetch(`${origin}/api/v1${path}`, { headers: { cookie } })
}

async function redisBytesPerConnection(stage: Stage, origin: string, members: Member[]): Promise<number> {
  const before = await redisBytes(stage)
  const clients = await startClients()
  await clients.ask({ open: seatsOf(members, [origin]) })
  await sleep(1_000)
  const after = await redisBytes(stage)
  await clients.stop()
  return Math.max(0, after - before) / members.length
}

/** Sends the poll of revocations as each instance does four times a second. */
async function measurePoll(stage: Stage, count: number, idlePostgresUs: number): Promise<number> {
  say('polls of revocations')
  const poll = () =>
    stage.db.query({
      name: 'poll',
      text: `select now() as at, id, revoked_at, renew_at, changed_at::text as version from (select) as always
        left join sessions on changed_at > least($1::timestamptz, now() - make_interval(secs => $2))`,
      values: [null, 20],
    })
  for (let index = 0; index < 100; index++) await poll()
  const startMs = performance.now()
  const cost = await costOf(stage, { pids: {}, count }, async () => {
    for (let index = 0; index < count; index++) await poll()
  })
  const idleUs = (idlePostgresUs * 2 * (performance.now() - startMs)) / 1_000 / count
  return Math.max(0, (cost.cpuUs.postgres ?? 0) - idleUs)
}

async function measureConnections(stage: Stage, members: Member[], count: number): Promise<number> {
  say('memory of connections')
  const api = await startApp(stage, 'api', { ...quickSignIn, ...measurable(stage) })
  try {
    const seats = seatsOf(
      Array.from({ length: count }, (_, index) => members[index % members.length] as Member),
      [api.origin],
    )
    const { kib } = await costOfSockets(stage, api.pid, seats)
    return Math.round(kib * 1_024)
  } finally {
    await api.stop()
  }
}

async function bytesOf({ db }: Stage) {
  const { rows } = await db.query<{ users: string; sessions: string }>(
    `select pg_total_relation_size('users') + pg_total_relation_size('organizations') as users,
       pg_total_relation_size('sessions') + pg_total_relation_size('known_devices') as sessions`,
  )
  return { users: Number(rows[0]?.users), sessions: Number(rows[0]?.sessions) }
}

async function someUsers(stage: Stage, count: number): Promise<string[]> {
  return (await insertUsers(stage, count, 4)).map(({ id }) => id)
}

const postgresVersion = async ({ db }: Stage) =>
  String((await db.query<{ server_version: string }>('show server_version')).rows[0]?.server_version)

const redisVersion = async ({ redis }: Stage) => String(/redis_version:(\S+)/.exec(await redis.info('server'))?.[1])

const say = (what: string) => console.error(`measures ${what} …`)
