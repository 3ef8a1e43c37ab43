import { createStackParser, type ErrorEvent, type Exception } from '@sentry/core'
import { nodeStackLineParser } from '@sentry/core/server'
import type { ErrorContext } from './report-error.ts'
import { scrub } from './scrub.ts'

const parseStack = createStackParser(nodeStackLineParser())
const maxCauses = 5
const maxNameLength = 100

/**
 * Converts an error to an event. The event has the classes, scrubbed messages and places in the code of the error and its causes, and
 * nothing else that the error carries.
 */
export function toEvent(error: unknown, { tags = {}, requestId, given = [] }: ErrorContext): ErrorEvent {
  const known = Object.entries({ ...tags, request_id: requestId }).filter(([, value]) => value !== undefined)
  return {
    type: undefined,
    level: 'error',
    platform: 'node',
    tags: Object.fromEntries(known),
    // Sentry shows the last one as the error.
    exception: {
      values: causesOf(error)
        .map((one) => toException(one, given))
        .reverse(),
    },
  }
}

function causesOf(error: unknown): unknown[] {
  const chain: unknown[] = []
  for (let one = error; one !== undefined && one !== null && chain.length < maxCauses; one = Object(one).cause) {
    if (chain.includes(one)) break
    chain.push(one)
  }
  return chain.length > 0 ? chain : [error]
}

function toException(error: unknown, given: readonly unknown[]): Exception {
  if (!(error instanceof Error)) return { type: typeof error, value: 'Something that is no error was thrown.' }
  const { code } = error as { code?: unknown }
  return {
    type: scrub(error.name, given).slice(0, maxNameLength),
    value: `${scrub(error.message, given)}${isPlainCode(code) ? ` (${code})` : ''}`,
    stacktrace: { frames: parseStack(placesOf(error)) },
  }
}

const isPlainCode = (code: unknown): code is string => typeof code === 'string' && /^[A-Z0-9_]{3,60}$/.test(code)

/** Returns the lines of a stack behind the message, which may have lines that look like them. */
function placesOf({ stack = '', message }: Error): string {
  const messageAt = message ? stack.indexOf(message) : -1
  const rest = messageAt < 0 ? stack : stack.slice(messageAt + message.length)
  const lines = rest.split('\n')
  const lastOther = lines.findLastIndex((line) => !/^\s+at /.test(line))
  return lines.slice(lastOther + 1).join('\n')
}
