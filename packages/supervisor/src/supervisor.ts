import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
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
  /** Its code is watched: after a failed start it waits for {@link Supervisor.restart} instead of trying the same code again. */
  isWatched?: boolean
  /** Resolves when the process is ready, and rejects when it exits before. */
  start(onSpawn: OnSpawn): Promise<Service>
}

/** A unit whose process runs. */
export type RunningProcess = Omit<Unit, 'start' | 'isWatched'> & { pid: number }

/** An exit or a failed start of a unit that nobody stopped. */
export type SupervisorEvent = { unit: string } & (
  | { kind: 'not-started' }
  | { kind: 'ended'; code: number | null; signal: NodeJS.Signals | null; nextStartMs: number }
  | { kind: 'restarted'; pid: number }
  | { kind: 'restart-failed'; error: Error; nextStartMs: number }
  | { kind: 'awaits-change'; error: Error }
)

export type Supervisor = {
  /** Starts a unit and restarts it whenever it exits. Rejects when it is not ready after a few attempts. */
  supervise(unit: Unit): Promise<Service>
  /** Ends the process of a unit, or its pause, and starts it again at once. Its next event tells the outcome. */
  restart(name: string): Promise<void>
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
/** A restart for new code does not wait for open connections and long jobs: Muster survives that a process is killed. */
const restartGraceMs = 300
/** An app drains for up to 25 s. */
const graceMs = 28_000

/** Creates a supervisor that runs child processes, restarts those that exit, and stops all of them in order. */
export function createSupervisor({ report, reaper, onChange = () => {} }: Deps): Supervisor {
  const running = new Map<number, Unit>()
  const stopping = new AbortController()
  const starts = new Set<Promise<unknown>>()
  const exits = new Set<Promise<unknown>>()
  const failedAtStop = new Set<string>()
  /** Units whose process ends because of {@link Supervisor.restart}. */
  const restarting = new Set<string>()
  /** Units that pause before a start, each with the function that ends the pause. */
  const pausing = new Map<string, () => void>()

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
      const backoffMs = wasStable ? minBackoffMs : Math.min(maxBackoffMs, Math.max(minBackoffMs, lastBackoffMs * 2))
      if (restarting.has(unit.name)) return startAgain(unit, backoffMs)
      report({ unit: unit.name, kind: 'ended', code, signal, nextStartMs: backoffMs })
      if (await pause(unit, backoffMs)) await startAgain(unit, backoffMs)
    })
  }

  /** Starts a unit again and again until it runs, with longer pauses each time. */
  const startAgain = async (unit: Unit, firstBackoffMs: number) => {
    for (let backoffMs = firstBackoffMs; !stopping.signal.aborted; ) {
      try {
        restarting.delete(unit.name)
        const restarted = await start(unit)
        report({ unit: unit.name, kind: 'restarted', pid: restarted.pid })
        return restartOnExit(unit, restarted, backoffMs)
      } catch (error) {
        if (stopping.signal.aborted) return
        // It ended during its start because its code changed once more.
        if (restarting.has(unit.name)) continue
        backoffMs = Math.min(maxBackoffMs, backoffMs * 2)
        if (unit.isWatched) report({ unit: unit.name, kind: 'awaits-change', error: error as Error })
        else report({ unit: unit.name, kind: 'restart-failed', error: error as Error, nextStartMs: backoffMs })
        if (!(await pause(unit, unit.isWatched ? undefined : backoffMs))) return
      }
    }
  }

  /**
   * Pauses until {@link Supervisor.restart} ends it, or for this time.
   * @returns false when the supervisor stops meanwhile
   */
  const pause = (unit: Unit, ms?: number) =>
    new Promise<boolean>((resolve) => {
      const end = (goesOn: boolean) => {
        pausing.delete(unit.name)
        clearTimeout(timer)
        stopping.signal.removeEventListener('abort', giveUp)
        resolve(goesOn)
      }
      const giveUp = () => end(false)
      const timer = ms === undefined ? undefined : setTimeout(end, ms, true)
      stopping.signal.addEventListener('abort', giveUp)
      pausing.set(unit.name, () => end(true))
    })

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
          if (stopping.signal.aborted) throw error
          if (restarting.delete(unit.name)) continue
          if (unit.isWatched) report({ unit: unit.name, kind: 'awaits-change', error: error as Error })
          else if (attempt >= firstAttempts || unit.kind === 'service') throw error
          else report({ unit: unit.name, kind: 'not-started' })
          if (!(await pause(unit, unit.isWatched ? undefined : minBackoffMs))) throw error
        }
      }
    },
    async restart(name) {
      const wake = pausing.get(name)
      if (wake) return wake()
      const own = [...running].filter(([, unit]) => unit.name === name)
      if (own.length > 0) restarting.add(name)
      await Promise.all(own.map(([pid]) => stopProcess(pid, 'SIGTERM', restartGraceMs)))
    },
    processes: () => [...running].map(([pid, { start: _start, isWatched: _isWatched, ...unit }]) => ({ ...unit, pid })),
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
