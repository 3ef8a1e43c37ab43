import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandLineOf, isAlive } from './processes.ts'

export type Lock = { release(): void }

/**
 * Takes the lock of a file, unless a running process holds it. A lock whose holder is dead is free at once.
 * @returns the lock, or the process id of its holder
 */
export async function takeLock(path: string): Promise<Lock | { heldBy: number }> {
  mkdirSync(dirname(path), { recursive: true })
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 })
    } catch {
      const pid = holderOf(path)
      if (pid !== undefined && pid !== process.pid && isAlive(pid) && /node|vitest|npm/.test(commandLineOf(pid))) {
        return { heldBy: pid }
      }
      rmSync(path, { force: true })
      continue
    }
    // Two processes that find the same dead holder may both remove and write the file: the last writer has the lock.
    await sleep(30)
    const holder = holderOf(path)
    if (holder === process.pid)
      return { release: () => holderOf(path) === process.pid && rmSync(path, { force: true }) }
    if (holder !== undefined) return { heldBy: holder }
  }
}

function holderOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8')) || undefined
  } catch {
    return undefined
  }
}
