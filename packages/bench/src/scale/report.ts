import { type Assumptions, assumptions, readShares } from './assumptions.ts'
import type { Constants } from './constants.ts'
import type { Estimate } from './model.ts'
import { firstToGiveWay, gaveWay, type Part } from './parts.ts'

/** Formats the estimates as text for a terminal. */
export function report(estimates: readonly Estimate[], assumed: Assumptions, constants: Constants): string {
  const { machine, date } = constants
  return [
    table(figures(estimates)),
    ...estimates.map((each) => `${sizeOf(each)}\n${verdict(each.parts).join('\n')}`),
    `Assumed (--assume NAME=VALUE):\n${Object.entries(assumptions)
      .map(([name, { what }]) => `  ${name.padEnd(20)}${figure(assumed[name as keyof Assumptions]).padEnd(8)}${what}`)
      .join('\n')}\n  reading requests    ${Object.entries(readShares)
      .map(([kind, share]) => `${kind} ${share * 100} %`)
      .join(', ')}`,
    `Measured: ${date}, ${machine.cpu}, ${machine.cores} processors, Node ${machine.node}, Postgres ${machine.postgres}, Redis ${machine.redis} ` +
      '(packages/bench/src/scale/constants.json). A processor is one of that machine.',
  ].join('\n\n')
}

export const sizeOf = ({ workload: { users, tasks, messages, mails } }: Estimate) =>
  `${figure(users)} users; a day ${figure(tasks)} tasks, ${figure(messages)} messages, ${figure(mails)} mails`

/** Lists the figures of all estimates, a row each: its name, then a cell for each estimate. */
export function figures(estimates: readonly Estimate[]): string[][] {
  const row = (name: string, of: (estimate: Estimate) => string) => [name, ...estimates.map(of)]
  const processes = ({ count, cores, memoryGiB }: Estimate['processes']['api']) =>
    `${figure(count)} · ${figure(cores)} · ${figure(memoryGiB)} GiB`
  return [
    row('users', ({ workload }) => figure(workload.users)),
    row('tasks, messages, mails a day', ({ workload }) =>
      [workload.tasks, workload.messages, workload.mails].map(figure).join(', '),
    ),
    row('requests a second at the peak', ({ peak }) => figure(requestsOf(peak))),
    row('connections of clients at the peak', ({ sockets }) => figure(sockets)),
    row('API: processes · processors used · memory', (each) => processes(each.processes.api)),
    row('email workers', (each) => processes(each.processes['email-worker'])),
    row('audit workers', (each) => processes(each.processes['audit-worker'])),
    row('reminder workers', (each) => processes(each.processes['reminder-worker'])),
    row('image workers', (each) => processes(each.processes['image-worker'])),
    row('Postgres: processors used', ({ postgres }) => figure(postgres.cores)),
    row('Postgres: transactions/s · rows written/s', ({ postgres }) =>
      [postgres.transactionsPerSecond, postgres.rowsPerSecond].map(figure).join(' · '),
    ),
    row('Postgres: write-ahead log', ({ postgres }) => `${figure(postgres.walMiBPerSecond)} MiB/s`),
    row(
      'Postgres: growth · kept in all',
      ({ postgres }) => `${figure(postgres.gibPerDay)} GiB a day · ${figure(postgres.tibKept)} TiB`,
    ),
    row('Postgres: connections', ({ postgres }) => figure(postgres.connections)),
    row(
      'Redis: processors used · commands/s',
      ({ redis }) => `${figure(redis.cores)} · ${figure(redis.commandsPerSecond)}`,
    ),
    row('Redis: memory', ({ redis }) => `${figure(redis.memoryGiB)} GiB`),
    row('Redis: connections', ({ redis }) => figure(redis.connections)),
    row('audit chain: rows/s', (each) => figure(each.chainRowsPerSecond)),
  ]
}

/** Tells what gives way first, and what is turned then. */
export function verdict(parts: readonly Part[]): string[] {
  const over = gaveWay(parts)
  const first = firstToGiveWay(parts)
  const more = parts.filter(({ kind, share }) => kind === 'processes' && share > 1)
  return [
    over.length > 0
      ? '  Gives way, the fullest first:'
      : `  Nothing gives way. First would be: ${first.name}, at ${figure(1 / first.share)} times this load. Then: ${first.turn}.`,
    ...over.map((part) => `    ${part.name}: ${load(part)} → ${part.turn}`),
    ...(more.length > 0 ? ['  One process is not enough, and the processes above are counted for it:'] : []),
    ...more.map((part) => `    ${part.name}: ${load(part)} → ${part.turn}`),
  ]
}

const load = ({ load, capacity, unit, share }: Part) =>
  `${figure(load)} of ${figure(capacity)} ${unit} (${figure(share)} times)`

const requestKinds = [...Object.keys(readShares), 'login', 'task-create', 'message-send'] as const
const requestsOf = (peak: Estimate['peak']) =>
  requestKinds.reduce((sum, kind) => sum + peak[kind as keyof Estimate['peak']], 0)

/** Formats a number with two or three figures: `0.042`, `3.4`, `120`, `12 k`, `1.5 M`. */
export function figure(value: number): string {
  if (value === 0) return '0'
  if (value < 1) return Number(value.toPrecision(2)).toString()
  if (value < 100) return Number(value.toPrecision(Number.isInteger(value) ? 3 : 2)).toString()
  for (const [size, suffix] of [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const)
    if (value >= size) return `${Number((value / (size === 1e4 ? 1e3 : size)).toPrecision(3))} ${suffix}`
  return Math.round(value).toString()
}

function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
