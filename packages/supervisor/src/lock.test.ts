import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { takeLock } from './lock.ts'

let folder: string
let path: string
let holders: ChildProcess[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-lock-'))
  path = join(folder, 'home/lock')
  holders = []
})
afterEach(() => {
  for (const holder of holders) holder.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Starts a process that takes the lock and keeps running. @returns it with what it printed: `taken`, or the holder's pid */
async function startHolder() {
  const script = `
    import { takeLock } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)}
    const lock = await takeLock(process.argv[1])
    console.log('release' in lock ? 'taken' : lock.heldBy)
    setInterval(() => {}, 1_000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, path])
  holders.push(child)
  const [output] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, printed: output.toString().trim() }
}

test('of processes that start at the same time, exactly one takes the lock and the others get its pid', async () => {
  const started = await Promise.all([1, 2, 3, 4].map(startHolder))
  const [winner, ...others] = started.filter(({ printed }) => printed === 'taken')
  expect(others).toEqual([])
  const losers = started.filter((one) => one !== winner)
  expect(losers.map(({ printed }) => Number(printed))).toEqual(losers.map(() => winner?.child.pid))
})

test('the lock of a process killed with SIGKILL is free at once', async () => {
  const { child } = await startHolder()
  expect(await takeLock(path)).toEqual({ heldBy: child.pid })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const startedAtMs = performance.now()
  expect(await takeLock(path)).toHaveProperty('release')
  expect(performance.now() - startedAtMs).toBeLessThan(3_000)
})

test('a frozen process keeps its lock', async () => {
  const { child } = await startHolder()
  child.kill('SIGSTOP')
  expect(await takeLock(path)).toEqual({ heldBy: child.pid })
})

test('a lock whose pid belongs to another program now is free', async () => {
  const lock = await takeLock(path)
  if ('release' in lock) lock.release()
  const stranger = spawn('sleep', ['60'])
  holders.push(stranger)
  await once(stranger, 'spawn')
  writeFileSync(path, String(stranger.pid))
  expect(await takeLock(path)).toHaveProperty('release')
})

test('a released lock can be taken again', async () => {
  const lock = await takeLock(path)
  if ('release' in lock) lock.release()
  expect((await startHolder()).printed).toBe('taken')
})
