import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { findRedis, freePort, type Reaper, type Service, startRedis, thisMachine, waitForExit } from '@muster/devkit'
import { root } from '../system/programs.ts'
import { command } from './redis-command.ts'

/** A Redis for one system, with the faults that a test can inject. It keeps its port when it is restarted. */
export type ChaosRedis = {
  url: string
  /** Kills it with SIGKILL. Acknowledged writes stay in its append-only file. */
  kill(): Promise<void>
  /** Starts it again after `kill`; with `isEmpty` without its data. */
  restart(options?: { isEmpty?: boolean }): Promise<void>
  freeze(): void
  thaw(): void
  /** Removes all keys. */
  flush(): Promise<void>
  /** Sends a command, e.g. `command('CONFIG', 'SET', 'maxmemory', '1mb')`. @throws the error reply of Redis */
  command(...words: string[]): Promise<string>
  stop(): Promise<void>
}

/** Starts a durable Redis in a folder of `home`. */
export async function startChaosRedis({ home, reaper }: { home: string; reaper: Reaper }): Promise<ChaosRedis> {
  const program = findRedis(thisMachine(join(root, '.muster/redis-build'), () => {}))
  const dir = join(home, 'redis')
  const port = await freePort()
  const start = async () => {
    const service = await startRedis({ program, dir, port, logFile: join(home, 'redis.log'), isDurable: true })
    reaper.watch({ pid: service.pid, kind: 'service', signal: 'SIGKILL' })
    return service
  }
  let running: Service = await start()
  return {
    url: running.url,
    async kill() {
      process.kill(running.pid, 'SIGKILL')
      await waitForExit(running.pid, 5_000)
      reaper.unwatch(running.pid)
    },
    async restart({ isEmpty = false } = {}) {
      if (isEmpty) rmSync(dir, { recursive: true, force: true })
      running = await start()
    },
    freeze: () => void process.kill(running.pid, 'SIGSTOP'),
    thaw: () => void process.kill(running.pid, 'SIGCONT'),
    flush: async () => void (await command(port, 'FLUSHALL')),
    command: (...words) => command(port, ...words),
    async stop() {
      await running.stop()
      reaper.unwatch(running.pid)
    },
  }
}
