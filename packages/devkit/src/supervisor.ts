import type { ChildProcess } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Say } from './output.ts'
import type { RunningProcess } from './run-file.ts'
import type { Guardian } from './services/guardian.ts'
import { type OnSpawn, type Service, stopProcess } from './services/processes.ts'

/** Something that runs in a process of its own and is started again when it dies. */
export type Unit = {
  name: string
  kind: 'app' | 'service'
  port?: number
  opsPort?: number
  mark: string
  /** Resolves once it is ready; fails when its process ends before. */
  start(onSpawn: OnSpawn): Promise<Service>
}

export type Supervisor = {
  /** Starts a unit and keeps it running. Fails when it does not come up in a few attempts. */
  keep(unit: Unit): Promise<Service>
  processes(): RunningProcess[]
  /** Stops the apps, then the services; nothing is started any more. */
  stop(): Promise<void>
}

type Deps = { say: Say; guardian: Guardian; onChange: () => void }

const firstAttempts = 3
const minBackoffMs = 500
const maxBackoffMs = 10_000
/** Whoever ran this long begins with the shortest backoff again. */
const calmMs = 30_000
/** An app drains for up to 25 s by itself. */
const graceMs = 28_000

export function createSupervisor({ say, guardian, onChange }: Deps): Supervisor {
  const running = new Map<number, Unit>()
  const stopping = new AbortController()
  const starts = new Set<Promise<unknown>>()

  const watch = (unit: Unit) => (child: ChildProcess) => {
    const { pid } = child
    if (pid === undefined) return
    running.set(pid, unit)
    guardian.watch({ pid, stage: unit.kind, signal: signalFor(unit) })
    onChange()
    child.once('exit', () => {
      running.delete(pid)
      guardian.forget(pid)
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

  const restartWhenItEnds = (unit: Unit, service: Service, lastBackoffMs: number) => {
    const sinceMs = Date.now()
    service.process.once('exit', async (code, signal) => {
      if (stopping.signal.aborted) return
      const wasCalm = Date.now() - sinceMs > calmMs
      let backoffMs = wasCalm ? minBackoffMs : Math.min(maxBackoffMs, Math.max(minBackoffMs, lastBackoffMs * 2))
      say('muster', `${unit.name} ended (${signal ?? `exit ${code}`}); starting it again in ${backoffMs / 1000} s`)
      while (await pause(backoffMs)) {
        try {
          const again = await start(unit)
          say('muster', `${unit.name} is ready again (pid ${again.pid})`)
          return restartWhenItEnds(unit, again, backoffMs)
        } catch (error) {
          if (stopping.signal.aborted) return
          backoffMs = Math.min(maxBackoffMs, backoffMs * 2)
          say('muster', `${(error as Error).message}\nNext attempt in ${backoffMs / 1000} s.`)
        }
      }
    })
  }

  const pause = (ms: number) => sleep(ms, true, { signal: stopping.signal }).catch(() => false)

  const stopKind = (kind: Unit['kind']) =>
    Promise.all(
      [...running]
        .filter(([, unit]) => unit.kind === kind)
        .map(([pid, unit]) => stopProcess(pid, signalFor(unit), graceMs)),
    )

  return {
    async keep(unit) {
      for (let attempt = 1; ; attempt++) {
        try {
          const service = await start(unit)
          restartWhenItEnds(unit, service, 0)
          return service
        } catch (error) {
          if (attempt === firstAttempts || unit.kind === 'service' || stopping.signal.aborted) throw error
          say('muster', `${unit.name} did not come up; trying again`)
          if (!(await pause(minBackoffMs))) throw error
        }
      }
    },
    processes: () =>
      [...running].map(([pid, { name, kind, port, opsPort, mark }]) => ({ name, pid, kind, port, opsPort, mark })),
    async stop() {
      stopping.abort(new Error('stopping'))
      await stopKind('app')
      await stopKind('service')
      // What was just being started ends too, for its process was stopped or is as soon as it exists.
      await Promise.allSettled(starts)
      await Promise.all([stopKind('app'), stopKind('service')])
    },
  }
}

/** SIGINT is Postgres's fast shutdown; SIGTERM would wait for its clients. */
function signalFor({ name }: Unit): NodeJS.Signals {
  return name === 'postgres' ? 'SIGINT' : 'SIGTERM'
}
