import type { LedgerRecord } from '../report/record.ts'
import { table } from '../report/report.ts'
import type { Outage } from './availability.ts'

/** The observations of a deployment from outside. */
export type DeploymentReport = {
  url: string
  run: string
  at: string
  /** Reads of the own profile. */
  probes: number
  outages: Outage[]
  effects: LedgerRecord[]
}

/** Writes the report as text for a terminal. */
export function describeDeployment({ url, probes, outages, effects }: DeploymentReport): string {
  const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`
  const rows = outages
    .toSorted((one, other) => one.at.localeCompare(other.at))
    .map(({ what, at, lastedMs, reasons, isOpen }) => [
      what,
      at,
      `${seconds(lastedMs)}${isOpen ? ', still' : ''}`,
      reasons.join(', '),
    ])
  return [
    `What was acknowledged by ${url}, and what became of it`,
    table(
      ['effect', 'acknowledged', 'found', 'lost', 'repeated'],
      effects.map(({ effect, acknowledged, done, lost, repeated }) => [
        effect,
        ...[acknowledged, done, lost, repeated].map(String),
      ]),
    ),
    rows.length === 0
      ? `Out of reach: never, in ${probes} reads.`
      : `Out of reach, in ${probes} reads\n\n${table(['what', 'from', 'for', 'reasons'], rows)}`,
  ].join('\n\n')
}
