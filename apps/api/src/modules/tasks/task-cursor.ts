import { DomainError } from '@muster/errors'
import { z } from 'zod'
import type { SortField } from './tasks.schema.ts'
import type { TaskOrder, TaskPosition } from './tasks-list.queries.ts'

const keySchemas: Record<SortField, z.ZodType<string>> = {
  dueDate: z.iso.datetime(),
  createdAt: z.iso.datetime(),
  priority: z.enum(['1', '2', '3']),
  title: z.string().regex(/^[^\0]*$/u),
  relevance: z.string().regex(/^\d+(\.\d+)?(e-\d+)?$/),
}

/** `-dueDate`, `+dueDate` or `dueDate` as field and direction. */
export function orderOf(sort: string): TaskOrder {
  return { field: sort.replace(/^[+-]/, '') as SortField, isDescending: sort.startsWith('-') }
}

const orderName = ({ field, isDescending }: TaskOrder) => `${isDescending ? '-' : ''}${field}`

/** A position within an order as an opaque text. */
export const encodeCursor = (order: TaskOrder, { key, id }: TaskPosition): string =>
  Buffer.from(JSON.stringify([orderName(order), key, id])).toString('base64url')

/** @throws DomainError VALIDATION_FAILED when it is no cursor, or one of another order */
export function decodeCursor(cursor: string, order: TaskOrder): TaskPosition {
  const shape = z.tuple([z.literal(orderName(order)), keySchemas[order.field], z.uuid()])
  const read = shape.safeParse(parse(Buffer.from(cursor, 'base64url').toString()))
  if (read.success) return { key: read.data[1], id: read.data[2] }
  throw new DomainError('VALIDATION_FAILED', {
    details: [{ path: 'query.cursor', message: 'is not a nextCursor of a list in this order' }],
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
