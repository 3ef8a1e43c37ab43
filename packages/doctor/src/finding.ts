/** `error`: something does not work, or will not after the next start. `warning`: it works and needs attention. */
export type Severity = 'error' | 'warning'

/** A fault that an operator must mend. No part contains a secret. */
export type Finding = {
  /** A stable word, e.g. `redis-eviction`. */
  id: string
  severity: Severity
  /** The fault, with the variable where one is. */
  what: string
  /** The remedy. */
  remedy: string
}

/** The outcome of one check. */
export type CheckReport = {
  name: string
  /** `unchecked`: the check could not find out; `reason` tells why. */
  status: 'well' | 'findings' | 'unchecked'
  reason?: string
  facts: string[]
  findings: Finding[]
  durationMs: number
}

export type Report = {
  /** The release that ran the checks. */
  version: string
  at: string
  /** Whether nothing was found. Unchecked parts are no findings. */
  isWell: boolean
  durationMs: number
  checks: CheckReport[]
}

/** Collects what a check learns. */
export type Notes = {
  fact(text: string): void
  find(finding: Finding): void
}

/** A check could not find out, for a reason that another check reports or that is no fault. */
export class Unchecked extends Error {
  override name = 'Unchecked'
}
