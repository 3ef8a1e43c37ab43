import type { Stage } from './stage.ts'

/** One line of the table. */
export type Line = {
  what: string
  /** The measured figures as text, e.g. `12,300/s`. */
  muster: string
  limit: string
  ratio?: number
  goal: string
  /** Undefined when the line only informs. */
  isReached?: boolean
  /** Muster's figures with ten times as many users or tasks. */
  atTenfold?: string
  /** Peak memory of the process during the measurement. */
  rssMiB?: number
  limitRssMiB?: number
  /** All measurements by round, for bench-results.json. */
  details: unknown
}

/** One benchmark: compares what Muster does with the limit of the machine. */
export type Row = {
  name: string
  number: number
  /** Why a line of it may fall short of its goal, and the next step then. */
  ifMissed: string
  measure(stage: Stage): Promise<Line[]>
}
