import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { createSupervisor, type Supervisor, type SupervisorEvent, type Unit } from './supervisor.ts'

let supervisor: Supervisor | undefined
afterEach(() => supervisor?.stop())

/** A unit whose process runs a script, and counts as ready as soon as it writes something. */
const unitOf = (script: string): Unit => ({
  name: 'probe',
  kind: 'app',
  mark: 'probe',
  async start(onSpawn) {
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    onSpawn(child)
    const wrote = await Promise.race([
      once(child.stdout, 'data').then(() => true),
      once(child, 'exit').then(() => false),
    ])
    if (!wrote) throw new Error('ended while starting')
    const pid = child.pid as number
    return { name: 'probe', url: '', port: 0, pid, process: child, stop: async () => {} }
  },
})

const waiting = `console.log('ready'); setInterval(() => {}, 1000)`

/** Resolves with the next event of a kind. */
function watchEvents() {
  const events: SupervisorEvent[] = []
  const waiters: (() => void)[] = []
  return {
    events,
    report(event: SupervisorEvent) {
      events.push(event)
      for (const wake of waiters.splice(0)) wake()
    },
    async until(kind: SupervisorEvent['kind'], count = 1) {
      while (events.filter((event) => event.kind === kind).length < count)
        await new Promise<void>((resolve) => waiters.push(resolve))
    },
  }
}

test('a process that is killed starts again', async () => {
  const watched = watchEvents()
  supervisor = createSupervisor(watched)
  const { pid } = await supervisor.supervise(unitOf(waiting))
  process.kill(pid, 'SIGKILL')
  await watched.until('restarted')
  expect(watched.events).toMatchObject([{ kind: 'ended', signal: 'SIGKILL', nextStartMs: 500 }, { kind: 'restarted' }])
  expect(supervisor.processes().map((running) => running.pid)).not.toContain(pid)
  expect(await supervisor.stop()).toEqual(['probe'])
})

test('the pause before a start doubles while a process keeps ending', async () => {
  const watched = watchEvents()
  supervisor = createSupervisor(watched)
  await supervisor.supervise(unitOf(`console.log('ready'); setTimeout(() => process.exit(3), 50)`))
  await watched.until('ended', 3)
  const ended = watched.events.filter((event) => event.kind === 'ended')
  expect(ended.map(({ code, nextStartMs }) => [code, nextStartMs])).toEqual([
    [3, 500],
    [3, 1_000],
    [3, 2_000],
  ])
})

test('a process that never becomes ready is tried three times', async () => {
  const watched = watchEvents()
  supervisor = createSupervisor(watched)
  await expect(supervisor.supervise(unitOf('process.exit(1)'))).rejects.toThrow('ended while starting')
  expect(watched.events.map(({ kind }) => kind)).toEqual(['not-started', 'not-started'])
})

test('a stop ends every process, and names those that did not end well', async () => {
  supervisor = createSupervisor(watchEvents())
  const well = `process.on('SIGTERM', () => process.exit(0)); ${waiting}`
  const badly = `process.on('SIGTERM', () => process.exit(4)); ${waiting}`
  await supervisor.supervise({ ...unitOf(well), name: 'well' })
  await supervisor.supervise({ ...unitOf(badly), name: 'badly' })
  expect(await supervisor.stop()).toEqual(['badly'])
  expect(supervisor.processes()).toEqual([])
})
