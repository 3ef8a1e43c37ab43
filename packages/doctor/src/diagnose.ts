import { reasonOf } from '@muster/telemetry'
import { version } from '@muster/telemetry/version'
import type { ConfigReaders } from './checks/configuration.ts'
import { type Check, checks } from './checks/index.ts'
import { type CheckReport, type Finding, type Report, Unchecked } from './finding.ts'
import { createRedaction } from './redact.ts'
import { openTools, type Tools } from './tools.ts'

export type Subject = {
  /** The variables of the processes, as far as they are set here. */
  env: NodeJS.ProcessEnv
  /** Reads the settings of each process. */
  readers: ConfigReaders
  /** The processes whose settings must be here; undefined for those that have any here. */
  processes?: readonly string[] | undefined
  /** Explains why no settings come from the copy that `npm start` runs here; undefined when they do, or none runs. */
  ignoredCopy?: string | undefined
  /** Tells whether TRUSTED_PROXIES names an address. */
  isTrustedProxy(entries: readonly string[]): (ip: string) => boolean
}

/** Each check and its cleaning up; the whole takes at most 10 s. */
const limitMs = 9_000

/**
 * Runs all checks at once, each within nine seconds, and reports what is wrong with its remedy. Reads only, apart from files and keys that
 * it writes and deletes again; sends no mail.
 */
export async function diagnose(subject: Subject): Promise<Report> {
  const startMs = performance.now()
  const tools = openTools(subject.env)
  const redact = createRedaction(subject.env)
  try {
    const reports = await Promise.all(checks.map((check) => runCheck(check, subject, tools)))
    return {
      version,
      at: new Date().toISOString(),
      isWell: reports.every(({ findings }) => findings.length === 0),
      durationMs: Math.round(performance.now() - startMs),
      checks: reports.map((report) => redacted(report, redact)),
    }
  } finally {
    tools.close()
  }
}

async function runCheck({ name, run }: Check, subject: Subject, tools: Tools): Promise<CheckReport> {
  const startMs = performance.now()
  const facts: string[] = []
  const findings: Finding[] = []
  const notes = { fact: (text: string) => void facts.push(text), find: (one: Finding) => void findings.push(one) }
  const reason = await within(limitMs, run(tools, notes, subject)).then(
    () => undefined,
    (error: unknown) =>
      error instanceof Unchecked ? error.message : `The check failed (${reasonOf(error)}). Other checks may tell why.`,
  )
  const status = findings.length > 0 ? 'findings' : reason === undefined ? 'well' : 'unchecked'
  const durationMs = Math.round(performance.now() - startMs)
  // What comes after the limit is not reported.
  return {
    name,
    status,
    ...(reason !== undefined && { reason }),
    facts: [...facts],
    findings: [...findings],
    durationMs,
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Unchecked(`There was no result within ${ms / 1_000} s.`)), ms)
  })
  return Promise.race([work, limit]).finally(() => clearTimeout(timer))
}

const redacted = (report: CheckReport, redact: (text: string) => string): CheckReport => ({
  ...report,
  ...(report.reason !== undefined && { reason: redact(report.reason) }),
  facts: report.facts.map(redact),
  findings: report.findings.map((one) => ({ ...one, what: redact(one.what), remedy: redact(one.remedy) })),
})
