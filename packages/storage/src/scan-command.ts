import { int } from '@muster/config'
import { z } from 'zod'

/** The environment variables of the virus scanner: the API reads whether there is one, the image worker runs it. */
export const scanEnv = () => ({
  /** A program with its arguments, without a shell; the path of the file is added at the end. */
  SCAN_COMMAND: z.string().transform(splitCommand).optional(),
  SCAN_TIMEOUT_MS: int({ min: 1_000, max: 600_000, default: 60_000 }),
  /** Files that one image worker scans at the same time. */
  SCAN_CONCURRENCY: int({ min: 1, max: 64, default: 2 }),
})

type ScanEnv = z.output<z.ZodObject<ReturnType<typeof scanEnv>>>

export type ScanSettings = { command: readonly [string, ...string[]]; timeoutMs: number; concurrency: number }

/** Converts the variables of {@link scanEnv} to the settings of the scanner; undefined without one. */
export const scanSettings = (read: ScanEnv): ScanSettings | undefined =>
  read.SCAN_COMMAND && {
    command: read.SCAN_COMMAND,
    timeoutMs: read.SCAN_TIMEOUT_MS,
    concurrency: read.SCAN_CONCURRENCY,
  }

const part = /"([^"]*)"|'([^']*)'|([^\s"']+)/g

/** Splits a command at blanks; quotes keep blanks in an argument. Nothing is expanded. */
function splitCommand(text: string, ctx: z.RefinementCtx): [string, ...string[]] {
  const unquoted = text.replace(/"[^"]*"|'[^']*'/g, '')
  if (/["']/.test(unquoted)) ctx.addIssue('has a quote without its end')
  if (/[|<>;&$`]/.test(unquoted))
    ctx.addIssue('is run without a shell, so it has no |, <, >, ;, &, $ or `; put these into a script, and name that')
  const [program = '', ...args] = [...text.matchAll(part)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  )
  if (program === '') ctx.addIssue('names no program')
  return [program, ...args]
}
