import type { ChaosServer } from '../faults/postgres.ts'
import type { ChaosRedis } from '../faults/redis.ts'
import type { App } from '../system/apps.ts'
import type { FaultLog } from './fault-log.ts'

/** Returns the Redis with its faults noted in the log. */
export function watchRedis(redis: ChaosRedis, log: FaultLog): ChaosRedis {
  return {
    ...redis,
    async kill() {
      log.began('Redis is killed')
      await redis.kill()
    },
    async restart(options) {
      await redis.restart(options)
      log.ended('Redis is killed')
    },
    freeze() {
      log.began('Redis is frozen')
      redis.freeze()
    },
    thaw() {
      redis.thaw()
      log.ended('Redis is frozen')
    },
    async flush() {
      await redis.flush()
      log.happened('Redis is flushed')
    },
    async command(...words) {
      const reply = await redis.command(...words)
      const [, , name, value] = words
      if (name === 'maxmemory') (value === '0' ? log.ended : log.began)('Redis has no memory left')
      return reply
    },
  }
}

/** Returns the server with its faults noted in the log. */
export function watchPostgres<S extends object>(server: S, log: FaultLog, name = 'Postgres'): S {
  if (!isChaosServer(server)) return server
  const down = [`${name} is stopped`, `${name} is killed`] as const
  return {
    ...server,
    async stop() {
      log.began(down[0])
      await server.stop()
    },
    async kill() {
      log.began(down[1])
      await server.kill()
    },
    async restart() {
      await server.restart()
      for (const fault of down) log.ended(fault)
    },
    freeze() {
      log.began(`${name} is frozen`)
      server.freeze()
    },
    thaw() {
      server.thaw()
      log.ended(`${name} is frozen`)
    },
    ...('standby' in server && { standby: watchPostgres(server.standby as object, log, 'the replica') }),
  }
}

const isChaosServer = (server: object): server is ChaosServer => 'freeze' in server && 'restart' in server

const killed = (name: string) => `${name} is killed`

/** Returns the process with its faults noted in the log; its start ends the fault of one that was killed before. */
export function watchApp(app: App, log: FaultLog): App {
  log.ended(killed(app.name))
  return {
    ...app,
    kill() {
      if (app.isRunning()) log.began(killed(app.name))
      return app.kill()
    },
    freeze() {
      log.began(`${app.name} is frozen`)
      app.freeze()
    },
    thaw() {
      app.thaw()
      log.ended(`${app.name} is frozen`)
    },
    async terminate() {
      const exit = await app.terminate()
      log.happened(`${app.name} is stopped by SIGTERM`)
      return exit
    },
  }
}
