import { startApp } from '../apps.ts'
import { type Child, cpuSeconds, peakRssMiB, rssMiB, startChild } from '../child.ts'
import { clearUploads, insertUploads, makeMixture, makePhotos, untilReady } from '../images.ts'
import type { Photos } from '../limits/bare-sharp.ts'
import type { Line, Row } from '../row.ts'
import { mediansOf, type Sample, slopeOf } from '../slope.ts'
import type { Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const goal = 0.92
const maxRssMiB = 400
/** Memory that may remain per processed image: over 500 images, less than one image takes. */
const maxSlopeMiB = 0.05
const patienceMs = 900_000

/** Durations of a round. Unlike them, CPU times do not depend on other load of the machine. */
type Round = {
  musterMs: number
  limitMs: number
  ratio: number
  musterCpuMs: number | undefined
  limitCpuMs: number | undefined
}

type Enqueuer = Child<{ ids: string[] }, void>

export const images: Row = {
  name: 'images',
  number: 12,
  ifMissed:
    'sharp does the work in one thread an image. Next: compare the libvips of both sides, and the memory limit.',
  async measure(stage) {
    const enqueuer: Enqueuer = await startChild(new URL('../drivers/enqueue-images.ts', import.meta.url), {
      DATABASE_URL: stage.databaseUrl,
      REDIS_URL: stage.redisUrl,
    })
    try {
      return [await measureSpeed(stage, enqueuer), await measureMemory(stage, enqueuer)]
    } finally {
      await enqueuer.stop()
      await stage.redis.flushall()
    }
  },
}

/** Compares one worker, which processes one image at a time, with the library alone. */
async function measureSpeed(stage: Stage, enqueuer: Enqueuer): Promise<Line> {
  const files = await makePhotos(stage)
  const count = stage.plan.photos
  const paths = Array.from({ length: count }, (_, index) => files[index % files.length] as string)
  const bare = await startChild<Photos, number>(new URL('../limits/bare-sharp.ts', import.meta.url))
  const worker = await startApp(stage, 'image-worker')
  try {
    const rounds: Round[] = []
    // The first round is a warm-up.
    for (let round = 0; round <= stage.plan.rounds; round++) {
      const [limitMs, limitCpuMs] = await timed(bare.pid, () => bare.ask({ paths }))
      const [musterMs, musterCpuMs] = await timed(worker.pid, () => makeAll(stage, enqueuer, files, count))
      if (round > 0) rounds.push({ musterMs, limitMs, ratio: limitMs / musterMs, musterCpuMs, limitCpuMs })
    }
    const ratio = median(rounds.map((round) => round.ratio))
    const rate = (of: (round: Round) => number) => `${(count / (median(rounds.map(of)) / 1_000)).toFixed(2)}/s`
    return {
      what: `12 MP JPEG → WebP and thumbnail, ${count} of them / sharp alone`,
      muster: rate(({ musterMs }) => musterMs),
      limit: rate(({ limitMs }) => limitMs),
      ratio,
      goal: `≥ ${goal}`,
      isReached: ratio >= goal,
      rssMiB: peakRssMiB(worker.pid),
      limitRssMiB: peakRssMiB(bare.pid),
      details: rounds,
    }
  } finally {
    await Promise.all([worker.stop(), bare.stop()])
  }
}

/** Measures the CPU time of a process while `work` runs. @returns the result of `work`, and the CPU time in ms */
async function timed(pid: number, work: () => Promise<number>): Promise<[number, number | undefined]> {
  const before = cpuSeconds(pid)
  const elapsedMs = await work()
  const after = cpuSeconds(pid)
  return [elapsedMs, before === undefined || after === undefined ? undefined : (after - before) * 1_000]
}

/** Processes `count` images. @returns milliseconds from the enqueue until the last image is ready */
async function makeAll(stage: Stage, enqueuer: Enqueuer, files: string[], count: number): Promise<number> {
  const ids = await insertUploads(stage, files, count)
  const startMs = performance.now()
  await enqueuer.ask({ ids })
  await untilReady(stage, count, { patienceMs })
  const elapsedMs = performance.now() - startMs
  await clearUploads(stage)
  return elapsedMs
}

/** Samples the memory of a new worker while it processes images of all kinds. */
async function measureMemory(stage: Stage, enqueuer: Enqueuer): Promise<Line> {
  const count = stage.plan.mixedImages
  const ids = await insertUploads(stage, await makeMixture(stage), count)
  const worker = await startApp(stage, 'image-worker')
  try {
    const samples: Sample[] = []
    await enqueuer.ask({ ids })
    await untilReady(stage, count, {
      patienceMs,
      onPoll: (ready) => samples.push({ done: ready, mib: rssMiB(worker.pid) }),
    })
    const slopeMiB = slopeOf(samples, count)
    const peakMiB = peakRssMiB(worker.pid)
    await clearUploads(stage)
    return {
      what: `memory over ${count} images of all kinds`,
      muster: `${peakMiB.toFixed(0)} MiB at most, ${(slopeMiB * 1_024).toFixed(0)} KiB an image`,
      limit: '',
      goal: `≤ ${maxRssMiB} MiB, |slope| ≤ ${(maxSlopeMiB * 1_024).toFixed(0)} KiB`,
      isReached: peakMiB <= maxRssMiB && Math.abs(slopeMiB) <= maxSlopeMiB,
      rssMiB: peakMiB,
      details: { slopeMiB, peakMiB, medians: mediansOf(samples, count) },
    }
  } finally {
    await worker.stop()
  }
}
