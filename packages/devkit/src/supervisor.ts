import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Say } from './output.ts'
import type { RunningProcess } from './run-file.ts'
import { type OnSpawn, type Service, stopProcess } from './services/processes.ts'
import type { Reaper } from './services/reaper.ts'

/** Describes a child process: how the supervisor starts it, and by what it is recognised. */
export type Unit = {
  name: string
  /** The app that it runs, and which of several processes of this app it is, from 1. */
  app?: string
  number?: number
  kind: 'app' | 'service'
  port?: number
  opsPort?: number
  /** Part of its command line. */
  mark: string
  /** Resolves when the process is ready, and rejects when it exits before. */
  start(onSpawn: OnSpawn): Promise<Service>
}

export type Supervisor = {
  /** Starts a unit and restarts it whenever it exits. Rejects when it is not ready after a few attempts. */
  supervise(unit: Unit): Promise<Service>
  processes(): RunningProcess[]
  /** Stops the apps, then the services, and prevents further starts. */
  stop(): Promise<void>
}

type Deps = { say: Say; reaper: Reaper; onChange: () => void }

const firstAttempts = 3
const minBackoffMs = 500
const maxBackoffMs = 10_000
/** A process that ran this long is restarted with the shortest backoff. */
const stableMs = 30_000
/** An app drains for up to 25 s. */
const graceMs = 28_000

/** Creates a supervisor that runs child processes, restarts those that exit, and stops all of them in order. */
export function createSupervisor({ say, reaper, onChange }: Deps): Supervisor {
  const running = new Map<number, Unit>()
  const stopping = new AbortController()
  const starts = new Set<Promise<unknown>>()

  const watch = (unit: Unit) => (child: ChildProcess) => {
    const { pid } = child
    if (pid === undefined) return
    running.set(pid, unit)
    reaper.watch({ pid, kind: unit.kind, signal: signalFor(unit) })
    onChange()
    child.once('exit', () => {
      running.delete(pid)
      reaper.unwatch(pid)
      onChange()
    })
    if (stopping.signal.aborted) void stopProcess(pid, signalFor(unit), graceMs)
  }

  const start = (unit: Unit) => {
    stopping.signal.throwIfAborted()
    const starting = unit.start(watch(unit))
    starts.add(starting)
    const settle = () => starts.delete(starting)
    starting.then(settle, settle)
    return starting
  }

  const restartOnExit = (unit: Unit, service: Service, lastBackoffMs: number) => {
    const startedMs = Date.now()
    service.process.once('exit', async (code, signal) => {
      if (stopping.signal.aborted) return
      const wasStable = Date.now() - startedMs > stableMs
      let backoffMs = wasStable ? minBackoffMs : Math.min(maxBackoffMs, Math.max(minBackoffMs, lastBackoffMs * 2))
      say('muster', `${unit.name} ended (${signal ?? `exit ${code}`}); starting it again in ${backoffMs / 1000} s`)
      while (await pause(backoffMs)) {
        try {
          const restarted = await start(unit)
          say('muster', `${unit.name} is ready again (pid ${restarted.pid})`)
          return restartOnExit(unit, restarted, backoffMs)
        } catch (error) {
          if (stopping.signal.aborted) return
          backoffMs = Math.min(maxBackoffMs, backoffMs * 2)
          say('muster', `${(error as Error).message}\nNext attempt in ${backoffMs / 1000} s.`)
        }
      }
    })
  }

  /** @returns false when the supervisor stops meanwhile */
  const pause = (ms: number) => sleep(ms, true, { signal: stopping.signal }).catch(() => false)

  const stopKind = (kind: Unit['kind']) =>
    Promise.all(
      [...running]
        .filter(([, unit]) => unit.kind === kind)
        .map(([pid, unit]) => stopProcess(pid, signalFor(unit), graceMs)),
    )

  return {
    async supervise(unit) {
      for (let attempt = 1; ; attempt++) {
        try {
          const service = await start(unit)
          restartOnExit(unit, service, 0)
          return service
        } catch (error) {
          if (attempt === firstAttempts || unit.kind === 'service' || stopping.signal.aborted) throw error
          say('muster', `${unit.name} did not start; trying again`)
          if (!(await pause(minBackoffMs))) throw error
        }
      }
    },
    processes: () => [...running].map(([pid, { start: _start, ...unit }]) => ({ ...unit, pid })),
    async stop() {
      stopping.abort(new Error('stopping'))
      await stopKind('app')
      await stopKind('service')
      // A process that was just starting is stopped as soon as it exists; wait for that, then stop the rest.
      await Promise.allSettled(starts)
      await Promise.all([stopKind('app'), stopKind('service')])
    },
  }
}

/** SIGINT is Postgres's fast shutdown; on SIGTERM it would wait for its clients. */
function signalFor({ name }: Unit): NodeJS.Signals {
  return name === 'postgres' ? 'SIGINT' : 'SIGTERM'
}
