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

/** For people and spreadsheets: texts that a spreadsheet would run get an apostrophe, so NDJSON is the exact one. */
export const csvLine = (event: AuditEventView): string => lineOf(columns.map((name) => cellOf(event[name])))

export const ndjsonLine = (event: AuditEventView): string => `${JSON.stringify(event)}\n`

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
