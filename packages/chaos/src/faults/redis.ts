import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { findRedis, freePort, type Reaper, type Service, startRedis, thisMachine, waitForExit } from '@muster/devkit'
import { root } from '../system/apps.ts'
import { command } from './redis-command.ts'

/** A Redis of the test's own, with its append-only file, on the same port for as long as the test runs. */
export type ChaosRedis = {
  url: string
  /** kill -9; what it answered stays in its file. */
  kill(): Promise<void>
  /** After `kill`. */
  restart(options?: { isEmpty?: boolean }): Promise<void>
  freeze(): void
  thaw(): void
  flush(): Promise<void>
  /** Any command, e.g. `config('CONFIG', 'SET', 'maxmemory', '1mb')`. @throws what Redis answers as an error */
  command(...words: string[]): Promise<string>
  stop(): Promise<void>
}

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
