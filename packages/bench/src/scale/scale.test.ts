import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { defaultAssumptions } from './assumptions.ts'
import { readConstants, requestKinds, workKinds } from './constants.ts'
import { page, withTables } from './docs.ts'
import { type Estimate, estimate } from './model.ts'
import { defaultWorkloads } from './options.ts'
import { firstToGiveWay, gaveWay } from './parts.ts'

type Run = { code: number | null; out: string; error: string }

/** Runs `npm run bench -- scale` with these arguments. */
async function scale(...args: string[]): Promise<Run> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts'), '--', 'scale', ...args])
  const [out, error] = [child.stdout, child.stderr].map((stream) => stream.toArray())
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const text = async (chunks: Promise<Buffer[]> | undefined) => Buffer.concat((await chunks) ?? []).toString()
  return { code, out: await text(out), error: await text(error) }
}

const json = async (...args: string[]) => JSON.parse((await scale(...args, '--json')).out) as { estimates: Estimate[] }
const only = async (...args: string[]) => (await json(...args)).estimates[0] as Estimate

test('scale prints processes, Postgres, Redis and what gives way for three sizes', async () => {
  const { code, out } = await scale()
  expect(code).toBe(0)
  for (const part of [
    '10 k users',
    '1 M users',
    '100 M users',
    'write-ahead log',
    'audit chain',
    'Assumed',
    'Measured:',
  ])
    expect(out).toContain(part)
  expect(out.match(/Gives way, the fullest first:|Nothing gives way/g)).toHaveLength(3)
})

test('scale refuses wrong options all at once, and says what to write', async () => {
  const { code, out, error } = await scale(
    '--users',
    'ten',
    '--mails',
    '−1',
    '--assume',
    'peek=2',
    '--assume',
    'peak=0',
  )
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(error.trim().split('\n')).toEqual([
    expect.stringMatching(/^--users is "ten": write a number from 1 to/),
    expect.stringMatching(/^--mails is "−1": write a number from 0 to/),
    expect.stringMatching(/^--assume peek=2: write NAME=VALUE; the names are active, /),
    expect.stringMatching(/^--assume peak=0: peak \(.+\) is a number from 1 to 1000\./),
  ])
  expect(await scale('--tasks', '5')).toMatchObject({ code: 2, error: expect.stringContaining('without --users') })
  expect(await scale('--userz', '5')).toMatchObject({ code: 2, error: expect.stringContaining('--userz') })
})

test('more of anything needs no less of anything, and what is given is used', async () => {
  const small = await only('--users', '20k', '--tasks', '1k', '--messages', '0', '--mails', '0')
  expect(small.workload).toEqual({ users: 20_000, tasks: 1_000, messages: 0, mails: 0 })
  expect(small.peak).toMatchObject({ mail: 0, 'message-send': 0 })
  const more = await only('--users', '20k', '--tasks', '1M', '--messages', '10M', '--mails', '1M')
  expect(more.postgres.walMiBPerSecond).toBeGreaterThan(small.postgres.walMiBPerSecond)
  expect(more.postgres.cores).toBeGreaterThan(small.postgres.cores)
  expect(more.processes.api.count).toBeGreaterThan(small.processes.api.count)
  expect(more.processes['email-worker'].count).toBeGreaterThanOrEqual(small.processes['email-worker'].count)
  const peak = await only('--users', '20k', '--assume', 'peak=8')
  expect(peak.peak.mail).toBeCloseTo((await only('--users', '20k')).peak.mail * 2, 6)
})

test('what gives way first is the single part with the highest share, and it is named with what to turn', () => {
  const constants = readConstants()
  for (const workload of defaultWorkloads()) {
    const { parts } = estimate(workload, defaultAssumptions(), constants)
    const singles = parts.filter(({ kind }) => kind === 'single')
    expect(firstToGiveWay(parts).share).toBe(Math.max(...singles.map(({ share }) => share)))
    expect(gaveWay(parts).every(({ share, turn }) => share > 1 && turn.length > 0)).toBe(true)
    for (const { load, capacity } of parts) expect(Number.isFinite(load) && capacity > 0).toBe(true)
  }
  const [small, , large] = defaultWorkloads().map((workload) => estimate(workload, defaultAssumptions(), constants))
  expect(gaveWay(small?.parts ?? [])).toEqual([])
  expect(gaveWay(large?.parts ?? []).length).toBeGreaterThan(2)
})

test('docs/scale.md has the constants of the file and the sizes that the model computes from them', () => {
  const text = readFileSync(page, 'utf8')
  expect(text, 'write it: npm run bench -- scale --docs').toBe(withTables(text, readConstants()))
})

test('each constant was measured: none is missing, not a number or negative', () => {
  const constants = readConstants()
  expect(Object.keys(constants.requests).sort()).toEqual([...requestKinds].sort())
  expect(Object.keys(constants.work).sort()).toEqual([...workKinds].sort())
  const numbers = (value: unknown): number[] =>
    typeof value === 'number'
      ? [value]
      : value && typeof value === 'object'
        ? Object.values(value).flatMap(numbers)
        : []
  for (const value of numbers(constants)) expect(value).toBeGreaterThanOrEqual(0)
  for (const cost of Object.values(constants.requests)) expect(cost.cpuUs.api).toBeGreaterThan(10)
})
