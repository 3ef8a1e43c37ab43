import { visibleJson } from '@muster/text'
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger } from 'pino'

/** Keys whose values never reach a log, wherever they stand up to two levels down. */
const secretKeys = [
  'password',
  'currentPassword',
  'newPassword',
  'passwordHash',
  'password_hash',
  'otp',
  'token',
  'challengeToken',
  'secret',
  'seed',
  'cookie',
  'set-cookie',
  'authorization',
  'html',
  'text',
]

const redactPaths = secretKeys.flatMap((key) => {
  const quoted = `["${key}"]`
  return [quoted, `*${quoted}`, `*.*${quoted}`]
})
/** A `code` is a secret where a request or a mail carries it; in an error it says what happened. */
const codePaths = ['code', 'body.code', '*.body.code', 'data.code', '*.data.code']

/**
 * The log of one process: JSON lines on standard output, secrets cut out by key.
 * @param options.name the process, e.g. `api` or `email-worker`
 * @param options.destination where the lines go instead
 */
export function createLogger(options: { name: string; level?: string; destination?: DestinationStream }): Logger {
  const settings: LoggerOptions = {
    name: options.name,
    level: options.level ?? 'info',
    base: { name: options.name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: [...redactPaths, ...codePaths], censor: '[redacted]' },
    // What people write stands in logs; who reads them in a terminal must not have it obeyed.
    hooks: { streamWrite: visibleJson },
  }
  return options.destination ? pino(settings, options.destination) : pino(settings)
}
