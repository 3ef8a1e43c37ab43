import { csvLine as lineOf } from '@muster/text'
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

export const csvHead = lineOf(columns)

/** Returns the event as a CSV line for spreadsheets. Text that a spreadsheet would run gets an apostrophe; NDJSON is exact. */
export const csvLine = (event: AuditEventView): string => lineOf(columns.map((name) => cellOf(event[name])))

export const ndjsonLine = (event: AuditEventView): string => `${JSON.stringify(event)}\n`

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
