import { z } from 'zod'
import { cursorInstant, cursorOf } from '../../http/cursor.ts'
import { exactId } from '../../http/fields.ts'
import type { ReminderOrder, ReminderPosition } from './reminders.queries.ts'
import type { Reminder, ReminderSortField } from './reminders.schema.ts'

/** Parses `-scheduledAt`, `+scheduledAt` or `scheduledAt` into field and direction. */
export const orderOf = (sort: string): ReminderOrder => ({
  field: sort.replace(/^[+-]/, '') as ReminderSortField,
  isDescending: sort.startsWith('-'),
})

const orderName = ({ field, isDescending }: ReminderOrder) => `${isDescending ? '-' : ''}${field}`

const cursorIn = (order: ReminderOrder) =>
  cursorOf(z.tuple([z.literal(orderName(order)), cursorInstant(3), exactId]), 'a list in this order')

/** Returns the position of a reminder within an order as opaque text. */
export const encodeCursor = (order: ReminderOrder, reminder: Reminder): string =>
  cursorIn(order).encode([orderName(order), reminder[order.field], reminder.id])

/** Reads a position from its text. @throws DomainError VALIDATION_FAILED for an invalid cursor or one of another order */
export function decodeCursor(cursor: string, order: ReminderOrder): ReminderPosition {
  const [, key, id] = cursorIn(order).decode(cursor)
  return { key, id }
}
