import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { rssMiB } from './child.ts'
import type { Stage } from './stage.ts'

export type Memory = { rssMiB: number; heapMiB: number; externalMiB: number }

const patienceMs = 10_000
const mib = 2 ** 20

/** Returns the environment of a process whose memory {@link settledMemory} measures. */
export const measurable = ({ home }: Pick<Stage, 'home'>): Record<string, string> => ({
  NODE_OPTIONS: `--import ${new URL('./drivers/collect-garbage.ts', import.meta.url).href}`,
  BENCH_MEMORY_FILE: fileOf(home),
})

const fileOf = (home: string) => join(home, 'memory.json')

/** Lets a process collect its garbage. @returns its memory */
export async function settledMemory({ home }: Pick<Stage, 'home'>, pid: number): Promise<Memory> {
  const file = `${fileOf(home)}.${pid}`
  rmSync(file, { force: true })
  process.kill(pid, 'SIGUSR2')
  const deadlineMs = performance.now() + patienceMs
  for (;;) {
    await sleep(200)
    try {
      const { heapUsed, external } = JSON.parse(readFileSync(file, 'utf8'))
      return { rssMiB: rssMiB(pid), heapMiB: heapUsed / mib, externalMiB: external / mib }
    } catch (error) {
      if (performance.now() > deadlineMs) throw error
    }
  }
}
