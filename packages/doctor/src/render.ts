import { durationText } from '@muster/text'
import type { CheckReport, Report } from './finding.ts'

const marks = { well: 'ok', findings: '!!', unchecked: '??' } as const

/** Writes a report as lines of text: each check with its facts, and at the end each finding with its remedy. */
export function renderReport({ version, at, checks, isWell, durationMs }: Report): string[] {
  const findings = checks.flatMap((check) => check.findings)
  const unchecked = checks.filter(({ status, reason }) => status === 'unchecked' || reason)
  const errors = findings.filter(({ severity }) => severity === 'error').length
  return [
    `Muster ${version}, ${at}`,
    '',
    ...checks.flatMap(renderCheck),
    '',
    ...findings.flatMap(({ id, severity, what, remedy }) => [`${severity}: ${id}`, `  ${what}`, `  → ${remedy}`, '']),
    isWell
      ? `Nothing is wrong in ${checks.length - unchecked.length} checks (${durationText(durationMs)}).`
      : `${errors} errors and ${findings.length - errors} warnings (${durationText(durationMs)}).`,
    ...(unchecked.length > 0 ? [`Not checked, or not wholly: ${unchecked.map(({ name }) => name).join(', ')}.`] : []),
  ]
}

function renderCheck({ name, status, reason, facts }: CheckReport): string[] {
  const [first = '', ...others] = [...facts, ...(reason ? [`Not checked: ${reason}`] : [])]
  const head = `${marks[status]}  ${name.padEnd(16)}`
  return [`${head}${first}`.trimEnd(), ...others.map((fact) => `${' '.repeat(20)}${fact}`)]
}
