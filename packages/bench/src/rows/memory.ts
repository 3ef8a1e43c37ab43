import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { startAll, startApp } from '../apps.ts'
import { cpuSeconds, rssMiB } from '../child.ts'
import { quickSignIn, seatsOf, sendHome, signInCrowd } from '../crowd.ts'
import { startSmtpSink } from '../drivers/smtp-sink.ts'
import { makeMixture } from '../images.ts'
import { startLimit } from '../limits/start-limit.ts'
import type { Line, Row } from '../row.ts'
import { type Memory, measurable, settledMemory } from '../settled-memory.ts'
import { mediansOf, type Sample, slopeOf } from '../slope.ts'
import { startClients } from '../sockets/clients.ts'
import type { Seat } from '../sockets/open-socket.ts'
import { root, type Stage } from '../stage.ts'
import { insertTasks, someTasks } from '../tasks.ts'
import { insertUser, signIn } from '../users.ts'

const goalRatio = 1.4
const idleGoalMiB = 700
const idleGoalShare = 0.05
/** As of an image that is processed: over 500 uploads, less than one takes. */
const maxSlopeMiB = 0.05
const socketsOfOne = 4
const samplesOfUploads = 50

export const memory: Row = {
  name: 'memory',
  number: 18,
  ifMissed:
    'Idle processes poll Postgres and Redis every second, the API revocations four times (decision 059). Next: compare the processes in the details; half of the time may be garbage collection.',
  async measure(stage) {
    return [await measureSockets(stage), await measureIdleProcesses(stage), await measureUploads(stage)]
  },
}

/** Compares what an idle connection adds to the API with what it adds to Socket.IO alone. */
async function measureSockets(stage: Stage): Promise<Line> {
  const count = stage.plan.idleSockets
  const api = await startApp(stage, 'api', { ...quickSignIn, ...measurable(stage) })
  const bare = await startLimit(stage, 'bare-socket', { body: '', env: measurable(stage) })
  try {
    const people = await signInCrowd(stage, api, Math.ceil(count / socketsOfOne))
    const cookies = Array.from({ length: count }, (_, index) => people[index % people.length]?.cookie ?? '')
    const seatsAt = (origin: string) =>
      seatsOf(
        cookies.map((cookie) => ({ cookie })),
        [origin],
      )
    const muster = await costOfSockets(stage, api.pid, seatsAt(api.origin))
    const limit = await costOfSockets(stage, bare.pid, seatsAt(bare.origin))
    const ratio = muster.kib / limit.kib
    return {
      what: `memory of an idle socket, ${count} of them / bare Socket.IO`,
      muster: `${muster.kib.toFixed(1)} KiB`,
      limit: `${limit.kib.toFixed(1)} KiB`,
      ratio,
      goal: `≤ ${goalRatio}`,
      isReached: ratio <= goalRatio,
      rssMiB: muster.after.rssMiB,
      limitRssMiB: limit.after.rssMiB,
      details: { muster, limit },
    }
  } finally {
    await Promise.all([api.stop(), bare.stop()])
    await sendHome(stage)
  }
}

type Cost = { kib: number; before: Memory; after: Memory }

/** Measures what so many idle connections add to the memory of a process, which was started with {@link measurable}. */
export async function costOfSockets(stage: Stage, pid: number, seats: Seat[]): Promise<Cost> {
  const warm = await startClients()
  // What the process allocates once is there before the measurement.
  await warm.ask({ open: seats.slice(0, Math.ceil(seats.length / 10)) })
  await warm.stop()
  await sleep(settleMs(stage))
  const before = await settledMemory(stage, pid)
  const clients = await startClients()
  try {
    await clients.ask({ open: seats })
    await sleep(settleMs(stage))
    const after = await settledMemory(stage, pid)
    const { open } = await clients.ask({ arrivals: true })
    if (open !== seats.length) throw new Error(`${seats.length - open} of ${seats.length} sockets were closed`)
    return { kib: ((after.rssMiB - before.rssMiB) * 1_024) / seats.length, before, after }
  } finally {
    await clients.stop()
  }
}

/** Measures `muster all` from the bundle while nothing happens: the five processes, and the one that supervises them. */
async function measureIdleProcesses(stage: Stage): Promise<Line> {
  const { idleSeconds } = stage.plan
  await promisify(execFile)(join(root, 'node_modules/.bin/turbo'), ['run', 'build', '--filter=@muster/launcher'])
  const sink = await startSmtpSink({ delayMs: 0 })
  const all = await startAll(stage, { SMTP_URL: sink.url })
  try {
    const processes = [{ name: 'muster', pid: all.pid }, ...childrenOf(all.pid)]
    const cpu = () => processes.map(({ pid }) => cpuSeconds(pid) ?? 0)
    await sleep(settleMs(stage) * 3)
    const before = cpu()
    await sleep(idleSeconds * 1_000)
    const shares = cpu().map((after, index) => (after - (before[index] ?? 0)) / idleSeconds)
    const memories = processes.map(({ pid }) => rssMiB(pid))
    const share = sum(shares)
    const total = sum(memories)
    return {
      what: `muster all idle for ${idleSeconds} s: memory and processor time of its six processes`,
      muster: `${total.toFixed(0)} MiB, ${(share * 100).toFixed(1)} % of a core`,
      limit: '–',
      goal: `≤ ${idleGoalMiB} MiB, ≤ ${idleGoalShare * 100} %`,
      isReached: total <= idleGoalMiB && share <= idleGoalShare,
      rssMiB: total,
      details: processes.map(({ name }, index) => ({ name, rssMiB: memories[index], share: shares[index] })),
    }
  } finally {
    await all.stop()
    await sink.close()
  }
}

/** Lists the children of a process by the name of their file. Linux only, like the processor time. */
function childrenOf(pid: number): { name: string; pid: number }[] {
  const pids = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
  return pids.map((child) => {
    const words = readFileSync(`/proc/${child}/cmdline`, 'utf8').split('\0')
    return { name: basename(words.find((word) => word.endsWith('.js')) ?? '', '.js'), pid: child }
  })
}

/**
 * Samples the live memory of an API while it takes uploads: after a garbage collection, since the resident memory rises and falls with the
 * time of the last one (measured over 2,500 uploads: 293 MiB after 250, 354 after 1,750, 300 at the end).
 */
async function measureUploads(stage: Stage): Promise<Line> {
  const count = stage.plan.uploads
  const user = await insertUser(stage)
  await insertTasks(stage, user, count)
  const tasks = await someTasks(stage, user, count)
  const photo = await readFile((await makeMixture(stage))[1] as string)
  const api = await startApp(stage, 'api', measurable(stage))
  try {
    const cookie = await signIn(api.origin, user)
    const samples: Sample[] = []
    const sampleEvery = Math.max(1, Math.floor(count / samplesOfUploads))
    let peakMiB = 0
    for (const [index, task] of tasks.entries()) {
      const body = new FormData()
      body.append('files', new Blob([photo], { type: 'image/png' }), `photo-${index}.png`)
      const path = `/api/v1/tasks/${task}/attachments`
      const { status } = await fetch(api.origin + path, { method: 'POST', headers: { cookie }, body })
      if (status >= 300) throw new Error(`an upload was answered by ${status}`)
      peakMiB = Math.max(peakMiB, rssMiB(api.pid))
      if (index % sampleEvery > 0) continue
      const { heapMiB, externalMiB } = await settledMemory(stage, api.pid)
      samples.push({ done: index, mib: heapMiB + externalMiB })
    }
    const slopeMiB = slopeOf(samples, count)
    return {
      what: `memory of an API over ${count} uploads of ${(photo.length / 1_024).toFixed(0)} KiB`,
      muster: `${peakMiB.toFixed(0)} MiB at most, live memory ${(slopeMiB * 1_024).toFixed(1)} KiB an upload`,
      limit: '–',
      goal: `|slope| ≤ ${(maxSlopeMiB * 1_024).toFixed(0)} KiB`,
      isReached: Math.abs(slopeMiB) <= maxSlopeMiB,
      rssMiB: peakMiB,
      details: { slopeMiB, peakMiB, medians: mediansOf(samples, count) },
    }
  } finally {
    await api.stop()
    await stage.db.query('truncate tasks cascade')
    await sendHome(stage)
  }
}

const settleMs = ({ plan }: Stage) => plan.settleSeconds * 1_000

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
