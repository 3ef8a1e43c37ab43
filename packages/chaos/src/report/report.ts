import type { AlertRecord, ChaosRecord, FaultRecord, LedgerRecord, SystemRecord } from './record.ts'

/** The record of a run of the chaos tests, over all its systems. */
export type Report = {
  faults: FaultSummary[]
  effects: LedgerRecord[]
  total: Omit<LedgerRecord, 'effect'> & { faults: number }
  alerts: Omit<AlertRecord, 'kind'>[]
  systems: Omit<SystemRecord, 'kind'>[]
}

export type FaultSummary = {
  fault: string
  times: number
  /** How many recoveries were seen whole; a test may end before, or begin the next fault. */
  measured: number
  medianMs: number | undefined
  longestMs: number | undefined
}

/** Sums up the records of a run. */
export function summarize(records: readonly ChaosRecord[]): Report {
  const systems = records.filter((record): record is SystemRecord => record.kind === 'system')
  const faults = summarizeFaults(systems.flatMap((system) => system.faults))
  const effects = sumBy(systems.flatMap((system) => system.ledger))
  const [total] = sumBy(effects.map((record) => ({ ...record, effect: 'all' })))
  const { effect: _, ...sums } = total ?? { effect: '', acknowledged: 0, done: 0, waiting: 0, lost: 0, repeated: 0 }
  return {
    faults,
    effects,
    total: { ...sums, faults: faults.reduce((sum, { times }) => sum + times, 0) },
    alerts: records
      .filter((record): record is AlertRecord => record.kind === 'alert')
      .map(({ fault, alert, afterMs }) => ({ fault, alert, afterMs })),
    systems: systems.map(({ file, faults: own, ledger }) => ({ file, faults: own, ledger })),
  }
}

function summarizeFaults(records: readonly FaultRecord[]): FaultSummary[] {
  return [...Map.groupBy(records, ({ fault }) => fault)]
    .map(([fault, all]) => {
      const times = all.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((one, other) => one - other)
      return {
        fault,
        times: all.length,
        measured: times.length,
        medianMs: times[Math.floor((times.length - 1) / 2)],
        longestMs: times.at(-1),
      }
    })
    .sort((one, other) => one.fault.localeCompare(other.fault))
}

/** Adds up ledgers by their effect. */
export function sumBy(records: readonly LedgerRecord[]): LedgerRecord[] {
  return [...Map.groupBy(records, ({ effect }) => effect)].map(([effect, all]) => {
    const sum = (of: (record: LedgerRecord) => number) => all.reduce((total, record) => total + of(record), 0)
    return {
      effect,
      acknowledged: sum(({ acknowledged }) => acknowledged),
      done: sum(({ done }) => done),
      waiting: sum(({ waiting }) => waiting),
      lost: sum(({ lost }) => lost),
      repeated: sum(({ repeated }) => repeated),
    }
  })
}

/** Writes the report as text for a terminal. */
export function describeReport({ faults, effects, total, alerts }: Report): string {
  const seconds = (ms: number | undefined) => (ms === undefined ? '–' : `${(ms / 1_000).toFixed(2)} s`)
  const faultRows = faults.map(({ fault, times, measured, medianMs, longestMs }) => [
    fault,
    String(times),
    String(measured),
    seconds(medianMs),
    seconds(longestMs),
  ])
  const effectRows = [...effects, { effect: 'all', ...total }].map(
    ({ effect, acknowledged, done, waiting, lost, repeated }) => [
      effect,
      ...[acknowledged, done, waiting, lost, repeated].map(String),
    ],
  )
  const alertRows = alerts.map(({ alert, fault, afterMs }) => [alert, fault, seconds(afterMs)])
  return [
    `${total.faults} faults injected`,
    table(['fault', 'times', 'recoveries seen', 'median', 'longest'], faultRows),
    'What was acknowledged, and what became of it',
    table(['effect', 'acknowledged', 'done', 'waiting', 'lost', 'repeated'], effectRows),
    ...(alertRows.length > 0
      ? ['Alerts that fired in a real Prometheus', table(['alert', 'fault', 'after'], alertRows)]
      : []),
  ].join('\n\n')
}

/** Lays out rows in columns; all but the first are aligned to the right when they hold numbers. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const isNumeric = head.map((_, column) => rows.every((row) => /^[–\d.]+( s)?$/.test(row[column] ?? '')))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) =>
        isNumeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join('\n')
}
