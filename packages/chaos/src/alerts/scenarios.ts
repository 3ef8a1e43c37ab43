import { randomUUID } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDb } from '@muster/db'
import { clockAhead, fakeClockLibrary, insertReminder, insertTask, insertUser } from '@muster/testing'
import { connectMember } from './member.ts'
import type { Alert } from './prometheus.ts'
import { repeatDuring } from './repeat.ts'
import type { SmallStage, Stage } from './stage.ts'

/** A fault, the alerts that it makes fire, and how it is mended. */
export type Scenario<S = Stage> = {
  fault: string
  alerts: readonly Alert['labels'][]
  /** Injects the fault. @returns what mends it */
  inject(stage: S): Promise<() => Promise<void>>
  /** Left out on a machine that lacks what it needs; the text says what. */
  needs?: (stage: S) => string | undefined
}

/** Those of each run of the tests: they need an API and an email worker alone. */
export const quickScenarios: readonly Scenario<SmallStage>[] = [
  {
    fault: 'a job fails for good',
    alerts: [{ alertname: 'MusterJobsFailed', queue: 'email' }],
    async inject({ system }) {
      await system.inspector.query(
        `insert into outbox (id, queue, name, payload) values ('${randomUUID()}', 'email', 'no-such-job', '{}')`,
      )
      return async () => void (await system.inspector.query('delete from outbox where failed_at is not null'))
    },
  },
  {
    fault: 'the email worker is killed',
    alerts: [{ alertname: 'MusterWorkerMissing', process: 'email-worker', queue: 'email' }],
    async inject({ apps, restart }) {
      await apps['email-worker'].kill()
      return () => restart('email-worker')
    },
  },
]

/** Those of the full run. */
export const scenarios: readonly Scenario[] = [
  ...quickScenarios,
  {
    fault: 'the image worker crashes again and again',
    alerts: [{ alertname: 'MusterProcessRestarts', process: 'image-worker' }],
    async inject({ apps, restart }) {
      for (let crashes = 0; crashes < 4; crashes++) {
        await apps['image-worker'].kill()
        await restart('image-worker')
        // Prometheus has to see each start.
        await sleep(1_500)
      }
      return async () => {}
    },
  },
  {
    fault: 'Postgres is stopped',
    alerts: [
      { alertname: 'MusterDependencyDown', dependency: 'postgres', severity: 'critical' },
      { alertname: 'MusterApiDown' },
      { alertname: 'MusterErrorsHigh' },
      { alertname: 'MusterRevocationsStale' },
      { alertname: 'MusterProcessNotReady', process: 'reminder-worker' },
    ],
    async inject({ system, user }) {
      const requests = repeatDuring(100, () => user.request('GET', '/users/me'))
      await system.postgres.stop()
      return async () => {
        await requests.stop()
        await system.postgres.restart()
      }
    },
  },
  {
    fault: 'Redis is killed',
    alerts: [
      { alertname: 'MusterDependencyDown', dependency: 'redis', severity: 'critical' },
      { alertname: 'MusterCircuitOpen', process: 'api' },
      { alertname: 'MusterOutboxStuck', queue: 'email' },
    ],
    async inject({ system, user }) {
      await system.redis.kill()
      await user.request('POST', '/auth/forgot-password', { email: user.email })
      return () => system.redis.restart()
    },
  },
  {
    fault: 'the mail server cannot be reached',
    alerts: [{ alertname: 'MusterMailsNotSent' }],
    async inject({ links, system }) {
      links.smtp.cut()
      const mails = repeatDuring(500, () => system.newUser().register())
      return async () => {
        await mails.stop()
        links.smtp.heal()
      }
    },
  },
  {
    fault: 'the email worker is frozen',
    alerts: [{ alertname: 'MusterQueueBacklog', queue: 'email' }],
    async inject({ apps, system }) {
      apps['email-worker'].freeze()
      await system.newUser().register()
      return async () => apps['email-worker'].thaw()
    },
  },
  {
    fault: 'reminders are found two minutes late',
    alerts: [{ alertname: 'MusterRemindersLate' }],
    async inject({ system }) {
      const db = createDb({ url: system.postgres.url, poolMax: 1, applicationName: 'chaos-alerts' })
      const task = await insertTask(db, await insertUser(db))
      const remind = (lateMs: number) => insertReminder(db, task, { scheduled_at: new Date(Date.now() - lateMs) })
      await remind(0)
      await sleep(3_000)
      const reminders = repeatDuring(500, () => remind(120_000))
      return async () => {
        await reminders.stop()
        await db.destroy()
      }
    },
  },
  {
    fault: 'writes wait for a lock for more than a second',
    alerts: [{ alertname: 'MusterLatencyHigh' }],
    async inject({ system, user }) {
      const point = await system.pausePoint('users', 'update')
      const requests = repeatDuring(50, () => user.request('PATCH', '/users/me', { bio: `Here at ${Date.now()}` }))
      const locks = repeatDuring(50, async () => {
        await point.arm()
        await sleep(1_500)
        await point.release()
      })
      return async () => {
        await locks.stop()
        await requests.stop()
      }
    },
  },
  {
    fault: 'an API has too few connections for its requests',
    alerts: [{ alertname: 'MusterPoolExhausted', process: 'api' }],
    async inject({ system, user, far }) {
      const point = await system.pausePoint('users', 'update')
      await point.arm()
      const at = { at: far.url }
      const clients = Array.from({ length: 8 }, () =>
        repeatDuring(10, () => user.request('PATCH', '/users/me', { bio: 'Wait' }, at)),
      )
      return async () => {
        await point.release()
        await Promise.all(clients.map((client) => client.stop()))
      }
    },
  },
  {
    fault: 'an API gets too little processor time',
    alerts: [{ alertname: 'MusterEventLoopLag', process: 'api' }],
    async inject({ far }) {
      const pauses = repeatDuring(200, async () => {
        far.freeze()
        await sleep(800)
        far.thaw()
      })
      return async () => void (await pauses.stop())
    },
  },
  {
    fault: 'an API reads changes of chats slowly',
    alerts: [{ alertname: 'MusterRealtimeSlow' }],
    async inject(stage) {
      const { links, far } = stage
      const member = await connectMember(stage, far.url, 1)
      const [chatId] = member.chatIds as [string]
      const messages = repeatDuring(800, async () => {
        links.postgres.delay(700)
        await stage.user.request('POST', `/chats/${chatId}/messages`, { clientId: randomUUID(), body: 'Slow' })
        await sleep(1_000)
        links.postgres.delay(0)
      })
      return async () => {
        await messages.stop()
        member.close()
      }
    },
  },
  {
    fault: 'clients come back with the epoch of other data',
    alerts: [{ alertname: 'MusterResyncBurst', reason: 'epoch' }],
    async inject(stage) {
      const member = await connectMember(stage, stage.apps.api.url, 10)
      const syncs = repeatDuring(500, () => member.syncWithOtherEpoch())
      return async () => {
        await syncs.stop()
        member.close()
      }
    },
  },
  {
    fault: 'the folder of the files is gone',
    alerts: [{ alertname: 'MusterDependencyDown', dependency: 'files', severity: 'critical' }],
    async inject({ system }) {
      const folder = system.env('api').STORAGE_LOCAL_DIR as string
      await rename(folder, `${folder}.away`)
      return () => rename(`${folder}.away`, folder)
    },
  },
  {
    fault: 'the read replica is killed',
    alerts: [{ alertname: 'MusterDependencyDown', dependency: 'replica', severity: 'warning' }],
    async inject({ system }) {
      await system.postgres.standby.kill()
      return () => system.postgres.standby.restart()
    },
  },
  {
    fault: 'a process of another release runs for long',
    alerts: [{ alertname: 'MusterVersionSkew' }],
    async inject({ scrapeAlso }) {
      // What Prometheus sees of it: a build that says another version.
      const server = createServer((_, response) => response.end('muster_build_info{version="0.4.0"} 1\n'))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      await scrapeAlso([{ process: 'image-worker', opsUrl: `http://127.0.0.1:${port}` }])
      return async () => {
        server.close()
        server.closeAllConnections()
        await scrapeAlso([])
      }
    },
  },
  {
    fault: 'a clock is five seconds fast',
    alerts: [{ alertname: 'MusterClockOff', process: 'image-worker' }],
    needs: () => (fakeClockLibrary ? undefined : 'libfaketime: install the package `faketime`'),
    async inject({ system, scrapeAlso }) {
      const fast = await system.start('image-worker', { env: clockAhead(5) })
      await scrapeAlso([{ process: 'image-worker', opsUrl: fast.opsUrl }])
      return async () => {
        await scrapeAlso([])
        await fast.terminate()
      }
    },
  },
  {
    fault: 'a small disk',
    alerts: [{ alertname: 'MusterDiskSpaceLow', process: 'api', folder: 'STAGING_DIR' }],
    needs: ({ disk }) => (disk ? undefined : 'a disk in memory, which only root mounts'),
    inject: async () => async () => {},
  },
  {
    fault: 'a restored copy is held',
    alerts: [{ alertname: 'MusterHeld' }],
    async inject({ system }) {
      await system.inspector.query('update installation set held_at = now()')
      return async () => void (await system.inspector.query('update installation set held_at = null'))
    },
  },
  {
    fault: 'Postgres refuses to chain an audit event of ten minutes ago',
    alerts: [{ alertname: 'MusterAuditSetAside' }, { alertname: 'MusterAuditLag' }],
    async inject({ system: { inspector } }) {
      const id = randomUUID()
      await inspector.query(`alter table audit_events add constraint chaos check (target_id is distinct from '${id}')`)
      await inspector.query(
        `insert into audit_pending (id, action, target_type, target_id, created_at)
         values ('${id}', 'task.created', 'task', '${id}', now() - interval '10 minutes')`,
      )
      return async () => {
        await inspector.query('alter table audit_events drop constraint chaos')
        await inspector.query('delete from audit_pending where id = $1', [id])
      }
    },
  },
  {
    fault: 'an audit event of the chain is changed',
    alerts: [{ alertname: 'MusterAuditChainBroken' }, { alertname: 'MusterAuditHeadStuck' }],
    async inject({ system: { inspector }, apps, restart, user }) {
      // Each start announces the head.
      const restartWorker = async () => {
        await apps['audit-worker'].terminate()
        await restart('audit-worker')
      }
      await restartWorker()
      await inspector.waitUntilIdle()
      await restartWorker()
      const [last] = await inspector.query<{ seq: string; hash: Buffer }>(
        'select seq, hash from audit_events order by seq desc limit 1',
      )
      // As somebody can who has the rights of the database's owner.
      const setHash = (hash: string) =>
        inspector.query(`begin; set local session_replication_role = replica;
          update audit_events set hash = ${hash} where seq = ${last?.seq}; commit`)
      await setHash('sha256(hash)')
      await restartWorker()
      const tasks = repeatDuring(500, () => user.request('POST', '/tasks', { title: 'Chained', dueDate: tomorrow() }))
      return async () => {
        await tasks.stop()
        await setHash(`'\\x${last?.hash.toString('hex')}'`)
      }
    },
  },
  {
    fault: 'Prometheus finds no process',
    alerts: [{ alertname: 'MusterNotScraped' }],
    async inject({ prometheus, scrapeAlso }) {
      await prometheus.scrape([])
      return () => scrapeAlso([])
    },
  },
]

const tomorrow = () => new Date(Date.now() + 86_400_000).toISOString()
