import type { Stage } from './stage.ts'

/** One line of the table. */
export type Line = {
  what: string
  /** Measured figures as a user reads them, e.g. `12,300/s`. */
  muster: string
  limit: string
  ratio?: number
  goal: string
  /** Undefined when the line only informs. */
  isReached?: boolean
  /** Muster's figure with ten times as many users or tasks. */
  atTenfold?: string
  /** Highest memory of the process while it was measured. */
  rssMiB?: number
  limitRssMiB?: number
  /** Everything measured, round by round, for bench-results.json. */
  details: unknown
}

/** One row of docs/performance: a thing that Muster does, against what the machine allows. */
export type Row = {
  name: string
  number: number
  measure(stage: Stage): Promise<Line[]>
}
