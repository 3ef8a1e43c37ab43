import { z } from 'zod'
import { type Cursor, cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import { type SortField, sortFields } from './tasks.schema.ts'
import { type TaskOrder, type TaskPosition, withoutDueDate } from './tasks-list.queries.ts'

/** A rank as Postgres writes a `real`, within limits that keep it far from underflow and overflow. */
const rank = z
  .string()
  .regex(/^(?:0|[1-9]\d{0,9})(?:\.\d{1,12})?(?:e-\d{2})?$/)
  .refine((text) => text === '0' || (Number(text) > 1e-37 && Number(text) < 1e10))

/** Any title that Postgres can hold, also one stored before the current rules. */
const storedTitle = z
  .string()
  .max(1_000)
  .refine((title) => title.isWellFormed() && !title.includes('\0'))

const keys: Record<SortField, z.ZodType<string, string>> = {
  dueDate: z.union([cursorInstant(6), z.literal(withoutDueDate)]),
  createdAt: cursorInstant(6),
  updatedAt: cursorInstant(6),
  priority: z.enum(['1', '2', '3']),
  title: storedTitle,
  relevance: rank,
}

/** Parses `-dueDate`, `+dueDate` or `dueDate` into field and direction. */
export function orderOf(sort: string): TaskOrder {
  return { field: sort.replace(/^[+-]/, '') as SortField, isDescending: sort.startsWith('-') }
}

const orderName = ({ field, isDescending }: TaskOrder) => `${isDescending ? '-' : ''}${field}`

const cursors = new Map(
  sortFields.flatMap((field) =>
    [false, true].map((isDescending) => {
      const name = orderName({ field, isDescending })
      const position = z.tuple([z.literal(name), keys[field], exactId])
      return [name, cursorOf(position, 'a list in this order')] as const
    }),
  ),
)

const cursorIn = (order: TaskOrder) => cursors.get(orderName(order)) as Cursor<[string, string, string]>

/** Returns a position within an order as opaque text. */
export const encodeCursor = (order: TaskOrder, { key, id }: TaskPosition): string =>
  cursorIn(order).encode([orderName(order), key, id])

/** Reads a position from its text. @throws DomainError VALIDATION_FAILED for an invalid cursor or one of another order */
export function decodeCursor(cursor: string, order: TaskOrder): TaskPosition {
  const [, key, id] = cursorIn(order).decode(cursor)
  return { key, id }
}
