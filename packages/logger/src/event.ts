import type { LoggerOptions } from 'pino'

type LogMethod = NonNullable<NonNullable<LoggerOptions['hooks']>['logMethod']>

const events = new Map<string, string>()
/** Messages are constant, so that there are few. A library may log others. */
const maxKept = 1_000

/**
 * Returns the event of a message, by which its lines are searched: the words up to the first comma, colon, semicolon or dash, as
 * `email-queue-paused` of "email queue paused, smtp server failed".
 */
export function eventOf(message: string): string {
  const known = events.get(message)
  if (known !== undefined) return known
  const [head = ''] = message.split(/[,;:]|\s[-–]\s/, 1)
  const event = head
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 80)
  if (events.size < maxKept) events.set(message, event)
  return event
}

/** Adds the event to the fields of a line. */
export const withEvent: LogMethod = function (args, method) {
  const [first, second] = args as [unknown, unknown]
  if (typeof first === 'string') return method.call(this, { event: eventOf(first) }, first)
  const fields = first instanceof Error ? { err: first } : (first as object)
  const message = typeof second === 'string' ? second : first instanceof Error ? first.message : undefined
  if (message === undefined) return method.apply(this, args)
  return method.call(this, { ...fields, event: eventOf(message) }, message)
}
