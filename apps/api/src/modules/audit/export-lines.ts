import type { AuditEventView } from './audit.schema.ts'

const columns = [
  'seq',
  'id',
  'createdAt',
  'action',
  'actorId',
  'targetType',
  'targetId',
  'ip',
  'userAgent',
  'requestId',
  'before',
  'after',
  'hash',
] as const satisfies (keyof AuditEventView)[]

/** RFC 4180: lines end with CR LF. */
const lineEnd = '\r\n'
/** With what a spreadsheet begins a formula (OWASP, CSV Injection). */
const formula = /^[=+\-@\t\r]/

export const csvHead = columns.join(',') + lineEnd

/** For people and spreadsheets: texts that a spreadsheet would run get an apostrophe, so NDJSON is the exact one. */
export const csvLine = (event: AuditEventView): string =>
  columns.map((name) => csvCell(event[name])).join(',') + lineEnd

export const ndjsonLine = (event: AuditEventView): string => `${JSON.stringify(event)}\n`

function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const harmless = formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
