import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type OnSpawn, type Service, stopProcess } from './processes.ts'

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

/** A unit whose process runs. */
export type RunningProcess = Omit<Unit, 'start'> & { pid: number }

/** An exit or a failed start of a unit that nobody stopped. */
export type SupervisorEvent = { unit: string } & (
  | { kind: 'not-started' }
  | { kind: 'ended'; code: number | null; signal: NodeJS.Signals | null; nextStartMs: number }
  | { kind: 'restarted'; pid: number }
  | { kind: 'restart-failed'; error: Error; nextStartMs: number }
)

export type Supervisor = {
  /** Starts a unit and restarts it whenever it exits. Rejects when it is not ready after a few attempts. */
  supervise(unit: Unit): Promise<Service>
  processes(): RunningProcess[]
  /** Stops the apps, then the services, and prevents further starts. @returns the names of those that had to be killed or failed */
  stop(): Promise<string[]>
}

/** Stops child processes when this process can no longer do it. */
type Watcher = {
  watch(child: { pid: number; kind: Unit['kind']; signal: NodeJS.Signals }): void
  unwatch(pid: number): void
}

type Deps = { report: (event: SupervisorEvent) => void; reaper?: Watcher; onChange?: () => void }

const firstAttempts = 3
const minBackoffMs = 500
const maxBackoffMs = 10_000
/** A process that ran this long is restarted with the shortest backoff. */
const stableMs = 30_000
/** An app drains for up to 25 s. */
const graceMs = 28_000

/** Creates a supervisor that runs child processes, restarts those that exit, and stops all of them in order. */
export function createSupervisor({ report, reaper, onChange = () => {} }: Deps): Supervisor {
  const running = new Map<number, Unit>()
  const stopping = new AbortController()
  const starts = new Set<Promise<unknown>>()
  const exits = new Set<Promise<unknown>>()
  const failedAtStop = new Set<string>()

  const watch = (unit: Unit) => (child: ChildProcess) => {
    const { pid } = child
    if (pid === undefined) return
    running.set(pid, unit)
    reaper?.watch({ pid, kind: unit.kind, signal: signalFor(unit) })
    onChange()
    const exit = once(child, 'exit').then(([code]) => {
      exits.delete(exit)
      running.delete(pid)
      reaper?.unwatch(pid)
      if (stopping.signal.aborted && code !== 0) failedAtStop.add(unit.name)
      onChange()
    })
    exits.add(exit)
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
      report({ unit: unit.name, kind: 'ended', code, signal, nextStartMs: backoffMs })
      while (await pause(backoffMs)) {
        try {
          const restarted = await start(unit)
          report({ unit: unit.name, kind: 'restarted', pid: restarted.pid })
          return restartOnExit(unit, restarted, backoffMs)
        } catch (error) {
          if (stopping.signal.aborted) return
          backoffMs = Math.min(maxBackoffMs, backoffMs * 2)
          report({ unit: unit.name, kind: 'restart-failed', error: error as Error, nextStartMs: backoffMs })
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
          report({ unit: unit.name, kind: 'not-started' })
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
      await Promise.all(exits)
      return [...failedAtStop]
    },
  }
}

/** SIGINT is Postgres's fast shutdown; on SIGTERM it would wait for its clients. */
function signalFor({ name }: Unit): NodeJS.Signals {
  return name === 'postgres' ? 'SIGINT' : 'SIGTERM'
}
