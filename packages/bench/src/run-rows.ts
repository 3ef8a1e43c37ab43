import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compareCheckouts } from './compare-checkouts.ts'
import { fullPlan, smokePlan } from './plan.ts'
import type { Line, Row } from './row.ts'
import { analytics } from './rows/analytics.ts'
import { auditChain } from './rows/audit-chain.ts'
import { chatGroup } from './rows/chat-group.ts'
import { emailSend } from './rows/email-send.ts'
import { images } from './rows/images.ts'
import { jobLatency } from './rows/job-latency.ts'
import { login } from './rows/login.ts'
import { memory } from './rows/memory.ts'
import { operators } from './rows/operators.ts'
import { outboxDrain } from './rows/outbox-drain.ts'
import { pooler } from './rows/pooler.ts'
import { pushLatency } from './rows/push-latency.ts'
import { register } from './rows/register.ts'
import { reminders } from './rows/reminders.ts'
import { resume } from './rows/resume.ts'
import { taskCreate } from './rows/task-create.ts'
import { taskList } from './rows/task-list.ts'
import { taskRead } from './rows/task-read.ts'
import { tracing } from './rows/tracing.ts'
import { usersMe } from './rows/users-me.ts'
import { warmStart } from './rows/warm-start.ts'
import { web } from './rows/web.ts'
import { openStage, root } from './stage.ts'
import { table } from './table.ts'

const rows: Row[] = [
  usersMe,
  taskRead,
  taskCreate,
  taskList,
  login,
  register,
  jobLatency,
  outboxDrain,
  emailSend,
  auditChain,
  reminders,
  analytics,
  images,
  pushLatency,
  chatGroup,
  resume,
  memory,
  warmStart,
  pooler,
  tracing,
  operators,
  web,
]

/** Measures the rows that the arguments name, or all, and prints the table of each as soon as it is measured. */
export async function runRows(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { smoke: { type: 'boolean' }, profile: { type: 'string' }, against: { type: 'string' } },
  })
  const unknown = positionals.filter((name) => !rows.some((row) => row.name === name))
  if (unknown.length > 0) {
    console.error(
      `There is no ${unknown.join(', ')}; the rows are ${rows.map(({ name }) => name).join(', ')}, and scale computes what an installation needs.`,
    )
    process.exit(2)
  }
  const chosen = positionals.length > 0 ? rows.filter(({ name }) => positionals.includes(name)) : rows

  if (values.against) {
    await compareCheckouts(values.against, [...positionals, ...(values.smoke ? ['--smoke'] : [])])
    process.exit()
  }

  const stage = await openStage(values.smoke ? smokePlan : fullPlan, values.profile)
  const results: Result[] = []
  try {
    for (const row of chosen) {
      console.log(`${row.name} …`)
      const lines = await row.measure(stage)
      results.push({ name: row.name, number: row.number, lines })
      // Each row at once, so that an interrupted run keeps what it has measured.
      save(results, !!values.smoke)
      console.log(`\n${table(lines)}`)
      if (isMissed(lines) && !values.smoke) console.log(`Not reached. ${row.ifMissed}`)
    }
  } finally {
    await stage.close()
  }
  if (results.length > 1 && !values.smoke) console.log(`\n${summarize(results)}`)
  console.log(`\nEach round stands in ${resultsFile}.`)
}

const isMissed = (lines: Line[]) => lines.some(({ isReached }) => isReached === false)

function summarize(results: Result[]): string {
  const missed = results.filter(({ lines }) => isMissed(lines)).map(({ name }) => name)
  return missed.length > 0 ? `Goals missed: ${missed.join(', ')}.` : 'Every goal is reached.'
}

type Result = { name: string; number: number; lines: Line[] }

const resultsFile = join(root, 'bench-results.json')

function save(rows: Result[], isSmoke: boolean): void {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30) }
  const result = { at: new Date().toISOString(), node: process.version, machine, isSmoke, rows }
  writeFileSync(resultsFile, `${JSON.stringify(result, null, 2)}\n`)
}
