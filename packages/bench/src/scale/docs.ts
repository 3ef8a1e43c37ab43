import { readFileSync, writeFileSync } from 'node:fs'
import { defaultAssumptions } from './assumptions.ts'
import { type Constants, type Cost, readConstants } from './constants.ts'
import { estimate } from './model.ts'
import { defaultWorkloads } from './options.ts'
import { chainCapacity } from './parts.ts'
import { figure, figures, sizeOf, verdict } from './report.ts'

export const page = new URL('../../../../docs/scale.md', import.meta.url)

/** The tables of `docs/scale.md`, by the name in the comment above each. */
const tables: Record<string, (constants: Constants) => string> = {
  constants: constantsTable,
  costs: costsTable,
  sizes: sizesTable,
}

/** Writes the tables into `docs/scale.md`. */
export function writeTables(): void {
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), readConstants()))
}

/** Returns the page with its tables made anew. @throws Error when a place is missing */
export function withTables(text: string, constants: Constants): string {
  return Object.entries(tables).reduce((result, [name, make]) => {
    const [start, end] = [`<!-- ${name}: made by npm run bench -- scale --docs -->\n`, `<!-- end of ${name} -->`]
    const [from, to] = [result.indexOf(start), result.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`docs/scale.md lacks the comments "${start.trim()}" and "${end}".`)
    return `${result.slice(0, from + start.length)}\n${make(constants)}\n\n${result.slice(to)}`
  }, text)
}

function constantsTable(constants: Constants): string {
  const { sockets, work, idle, machine, date, command } = constants
  const rows: [string, string, string][] = [
    [
      'chain',
      `${figure(chainCapacity(constants))} rows/s`,
      'what one audit worker and its connection to Postgres do in a second, one after the other',
    ],
    [
      'chain, by the clock',
      `${figure(constants.chainRowsPerSecond)} rows/s`,
      'the same, with other load on the machine included; row `audit-chain` measures it against a bare INSERT',
    ],
    [
      'outbox',
      us((work['outbox-row'].cpuUs.api ?? 0) + (work['outbox-row'].cpuUs.postgres ?? 0)),
      'publishing a job: publisher and Postgres; row `outbox-drain`',
    ],
    ['poll of revocations', us(constants.revocationPollUs), 'Postgres, four times a second for each API'],
    [
      'idle API',
      `${percent(idle.api.cpuUs.api)} and ${percent(idle.api.cpuUs.postgres)}`,
      'of a processor: the process, and Postgres for it',
    ],
    ['idle workers', percent(idle.workers.cpuUs.postgres), 'of a processor of Postgres, the four together'],
    ['signal', us(sockets.signalUs), 'an API that has no member of the chat; each API receives each signal'],
    ['signal in Redis', us(constants.redisFanOutUs), 'Redis, for each process that listens'],
    [
      'change of a chat',
      `${us(sockets.changeUs)} and ${us(sockets.changePostgresUs)}`,
      'an API that has members of the chat, and Postgres for it',
    ],
    ['delivery', us(sockets.deliveryUs), 'an API, for each connection that it emits a change to; row `chat-group`'],
    [
      'connection',
      `${figure(sockets.connectionBytes / 1_024)} KiB`,
      'memory of an API for an idle connection; row `memory`',
    ],
    ['connection in Redis', `${figure(sockets.redisBytes)} bytes`, 'presence and limits'],
    [
      'active user in Redis',
      `${figure(constants.redisBytesPerActiveUser)} bytes`,
      'after a sign-in and three requests',
    ],
    ['job in Redis', `${figure(constants.redisBytesPerJob)} bytes`, 'while it waits'],
    ['user', `${figure(constants.bytesPerUser)} bytes`, 'in Postgres with an organization, indexes included'],
    ['session', `${figure(constants.bytesPerSession)} bytes`, 'in Postgres, indexes included'],
    [
      'memory',
      Object.entries(constants.rssMiB)
        .map(([name, mib]) => `${name} ${figure(mib)}`)
        .join(', '),
      'MiB of each process under load',
    ],
    [
      'connections to Redis',
      Object.entries(constants.redisConnections)
        .map(([name, count]) => `${name} ${count}`)
        .join(', '),
      'of each process',
    ],
  ]
  return [
    `Measured on ${date} by \`${command}\`: ${machine.cpu}, ${machine.cores} processors, ${machine.memoryGiB} GiB, Node ${machine.node}, Postgres ${machine.postgres}, Redis ${machine.redis}.`,
    '',
    '| constant | value | what it is |',
    '|---|---|---|',
    ...rows.map((cells) => `| ${cells.join(' | ')} |`),
  ].join('\n')
}

function costsTable({ requests, work }: Constants): string {
  const others = (cost: Cost) =>
    Object.entries(cost.cpuUs)
      .filter(([name, value]) => !['api', 'postgres', 'redis'].includes(name) && value >= 1)
      .map(([name, value]) => `${name} ${figure(value)}`)
      .join(', ')
  const row = ([kind, cost]: [string, Cost]) =>
    [
      `\`${kind}\``,
      figure(cost.cpuUs.api ?? 0),
      others(cost) || '–',
      figure(cost.cpuUs.postgres ?? 0),
      figure(cost.cpuUs.redis ?? 0),
      figure(cost.redisCommands),
      figure(cost.walBytes),
      cost.rows ? `${figure(cost.rows)} · ${figure(cost.transactions)}` : '–',
      cost.storedBytes ? figure(cost.storedBytes) : '–',
    ].join(' | ')
  return [
    '| | API or publisher, µs | workers, µs | Postgres, µs | Redis, µs | commands of Redis | log, bytes | rows · transactions | stays, bytes |',
    '|---|---|---|---|---|---|---|---|---|',
    ...[...Object.entries(requests), ...Object.entries(work)].map((entry) => `| ${row(entry)} |`),
  ].join('\n')
}

function sizesTable(constants: Constants): string {
  const estimates = defaultWorkloads().map((workload) => estimate(workload, defaultAssumptions(), constants))
  const [head = [], ...rows] = figures(estimates)
  return [
    `| ${head.join(' | ')} |`,
    `|${head.map(() => '---|').join('')}`,
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    ...estimates.flatMap((each) => [
      '',
      `**${sizeOf(each)}**`,
      '',
      '```',
      ...verdict(each.parts).map((line) => line.slice(2)),
      '```',
    ]),
  ].join('\n')
}

const us = (value: number) => `${figure(value)} µs`
const percent = (usPerSecond = 0) => `${figure(usPerSecond / 1e4)} %`
