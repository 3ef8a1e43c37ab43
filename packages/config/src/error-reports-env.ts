import { z } from 'zod'
import { serviceUrl } from './service-url.ts'

const form = 'https://key@sentry.example.com/1'

/** The variables of the server to which unexpected errors are reported. Nothing is reported without the first. */
export const errorReportsEnv = () => ({
  /** The DSN of a project in Sentry, or in a server that speaks its protocol. */
  SENTRY_DSN: serviceUrl({ protocol: /^https?:$/, form, faultOf }).optional(),
  /** The installation as it is called in reports; NODE_ENV when unset. */
  SENTRY_ENVIRONMENT: z.string().optional(),
})

const faultOf = (text: string) => {
  const url = URL.parse(text)
  return url?.username && /\/\d+$/.test(url.pathname) ? undefined : `is no DSN; write it as ${form}`
}

type ErrorReportsEnv = z.output<z.ZodObject<ReturnType<typeof errorReportsEnv>>>

/** Converts the variables of {@link errorReportsEnv} to settings; undefined when nothing is reported. */
export const errorReportsSettings = (read: ErrorReportsEnv & { NODE_ENV: string }) =>
  read.SENTRY_DSN === undefined
    ? undefined
    : { dsn: read.SENTRY_DSN, environment: read.SENTRY_ENVIRONMENT ?? read.NODE_ENV }

export type ErrorReportsSettings = NonNullable<ReturnType<typeof errorReportsSettings>>
