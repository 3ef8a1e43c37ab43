import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort, isPortFree, waitForExit } from '@muster/devkit'
import { rssMiB } from '../child.ts'
import { seconds } from '../figures.ts'
import type { Row } from '../row.ts'
import { root, type Stage } from '../stage.ts'
import { median } from '../statistics.ts'

const goalMs = 4_000
const bootMs = 120_000
const stopMs = 40_000

type Start = { readyMs: number; rssMiB: number }

export const warmStart: Row = {
  name: 'warm-start',
  number: 16,
  ifMissed: 'Loading the bundled modules takes most of it (decision 063). Next: --profile of the API, then the inbox.',
  async measure(stage) {
    const env = await ownEnvironment(stage)
    // The first start creates the state that makes the further starts warm.
    const first = await start(env)
    const warm: Start[] = []
    for (let time = 0; time < stage.plan.warmStarts; time++) warm.push(await start(env))
    const readyMs = median(warm.map((one) => one.readyMs))
    return [
      {
        what: 'warm npm start → ready; memory of all its processes',
        muster: seconds(readyMs),
        limit: '–',
        goal: `≤ ${goalMs / 1_000} s`,
        isReached: readyMs <= goalMs,
        rssMiB: median(warm.map((one) => one.rssMiB)),
        details: { first, warm },
      },
    ]
  },
}

/** Returns an environment with its own home and ports, so that the start does not disturb a running copy. */
async function ownEnvironment({ home }: Stage): Promise<NodeJS.ProcessEnv> {
  const ports = { PORT: await freePort(), INBOX_PORT: await freePort(), SMTP_PORT: await freePort() }
  const { DATABASE_URL, REDIS_URL, SMTP_URL, ...rest } = process.env
  return {
    ...rest,
    MUSTER_HOME: join(home, 'start'),
    OPS_PORT_BASE: String(await freePortRange(5)),
    ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
  }
}

async function freePortRange(count: number): Promise<number> {
  for (;;) {
    const first = await freePort()
    const isFree = await Promise.all(Array.from({ length: count }, (_, offset) => isPortFree(first + offset)))
    if (isFree.every(Boolean)) return first
  }
}

async function start(env: NodeJS.ProcessEnv): Promise<Start> {
  const startMs = performance.now()
  const npm = spawn('npm', ['start'], { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(npm, 'exit')
  try {
    await saysReady(npm)
    const readyMs = performance.now() - startMs
    const run = runFile(env)
    return { readyMs, rssMiB: run.processes.reduce((sum, { pid }) => sum + rssMiB(pid), 0) }
  } finally {
    const { pid } = runFile(env)
    npm.kill('SIGTERM')
    await gone
    // npm exits right after it has passed on the signal, before the supervisor.
    await waitForExit(pid, stopMs)
  }
}

/** Reads run.json, in which `npm start` lists its processes. */
function runFile({ MUSTER_HOME }: NodeJS.ProcessEnv): { pid: number; processes: { pid: number }[] } {
  return JSON.parse(readFileSync(join(MUSTER_HOME ?? '', 'run.json'), 'utf8'))
}

function saysReady(npm: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    const fail = (why: string) => reject(new Error(`npm start ${why}:\n${output.slice(-2_000)}`))
    const timer = setTimeout(() => fail('was not ready in time'), bootMs)
    npm.once('exit', () => fail('ended'))
    npm.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (!/ready in [\d.]+ s/.test(output)) return
      clearTimeout(timer)
      resolve()
    })
  })
}
