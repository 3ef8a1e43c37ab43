import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAlive, isLongForm, isPortFree, removeCluster } from '@muster/devkit'
import pg from 'pg'
import { afterAll, expect, test, vi } from 'vitest'
import { endWithTest } from '../end-with-test.ts'
import { eventually } from '../eventually.ts'
import { inheritedEnv } from '../inherited-env.ts'
import type { TestRun } from './join-test-services.ts'

const main = fileURLToPath(new URL('./testing/run-main.ts', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'muster-test-runs-'))
const dir = join(home, 'test')
const timeoutMs = 50_000
/** Each test starts services of its own for several runs. */
vi.setConfig({ testTimeout: 120_000 })

/** As a run that watches: it waits for no turn. */
const withServices: TestRun = { needsServices: true }

afterAll(async () => {
  await removeCluster(join(dir, 'postgres'))
  rmSync(home, { recursive: true, force: true })
})

test('runs that start together share one Postgres; a killed one leaves it to the other; the last one stops it', async () => {
  const [one, two] = [startRun(withServices), startRun(withServices)]
  const [url, other] = await Promise.all([began(one), began(two)])
  expect(other).toBe(url)
  const host = hostPid()

  one.child.kill('SIGKILL')
  await once(one.child, 'close')
  expect(await canQuery(url)).toBe(true)
  expect(await end(two)).toBe(0)
  expect([await isPortFree(Number(new URL(url).port)), isAlive(host)]).toEqual([true, false])
})

test.runIf(isLongForm)(
  'under turbo the services wait for the next run; the last run outside of turbo stops them',
  async () => {
    const one = startRun(withServices, { TURBO_HASH: '1' })
    const url = await began(one)
    expect(await end(one)).toBe(0)
    const two = startRun(withServices)
    expect(await began(two)).toBe(url)
    expect(await end(two)).toBe(0)
    expect(await canQuery(url)).toBe(false)
  },
)

test.runIf(isLongForm)(
  'a run whose services were killed ends with a message, and the next run has services again',
  async () => {
    const one = startRun(withServices)
    const url = await began(one)
    process.kill(hostPid(), 'SIGKILL')
    expect((await once(one.child, 'close'))[0]).toBe(1)
    expect(one.output()).toContain('The services of the tests have ended.')
    const two = startRun(withServices)
    expect(await canQuery(await began(two))).toBe(true)
    await end(two)
    await eventually(async () => expect(await canQuery(url)).toBe(false))
  },
)

test.runIf(isLongForm)(
  'a run that needs the machine for itself waits for the others, and they for it, in their order',
  async () => {
    const first = startRun({ needsServices: false, turn: 1 })
    await began(first)
    const alone = startRun({ needsServices: false, turn: 'all' })
    await waits(alone)
    const last = startRun({ needsServices: false, turn: 1 })
    await waits(last)

    first.child.kill('SIGKILL')
    await began(alone)
    expect(last.output()).not.toContain('began')
    await end(alone)
    await began(last)
    await end(last)
  },
)

type Run = { child: ChildProcess; output(): string }

function startRun(run: TestRun, env: Record<string, string> = {}): Run {
  const child = spawn(process.execPath, [main, JSON.stringify(run)], {
    env: { ...inheritedEnv(), MUSTER_HOME: home, ...env },
  })
  endWithTest(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  return { child, output: () => output }
}

/** Waits until the run may begin. @returns the address of its Postgres */
async function began(run: Run): Promise<string> {
  const line = await eventually(() => /^began (.*)$/m.exec(run.output()) ?? Promise.reject(new Error(run.output())), {
    timeoutMs,
  })
  return line[1] as string
}

async function waits({ output }: Run): Promise<void> {
  await eventually(() => expect(output()).toContain('waiting until other test runs of this checkout end'), {
    timeoutMs,
  })
}

async function end({ child }: Run): Promise<number> {
  child.stdin?.end()
  return (await once(child, 'close'))[0]
}

function hostPid(): number {
  return JSON.parse(readFileSync(join(dir, 'host.json'), 'utf8')).pid
}

async function canQuery(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
