import type { ParseArgsOptionsConfig } from 'node:util'
import { terminalLine } from '@muster/text'

/** The output of a command: `lines` as text, `data` for `--json`. */
export type Result = {
  data: object
  lines: readonly string[]
  /** False makes the command exit with 1 although it ran to its end. */
  isWell?: boolean
}

export type Given = {
  args: readonly string[]
  options: Readonly<Record<string, string | undefined>>
  /** The flags that were given. */
  flags: ReadonlySet<string>
}

/** A command with all that `--help` shows of it. */
export type Command = {
  /** One to three words, e.g. `users show`. */
  name: string
  /** The required arguments after the name, in this order. */
  args?: readonly string[]
  /** An argument behind those that can be left out. */
  optional?: string
  /** The options that take a value, each with a word for the value. */
  options?: Readonly<Record<string, string>>
  /** The options without a value. */
  flags?: readonly string[]
  summary: string
  run(given: Given): Result | Promise<Result>
}

/** The arguments are not a valid command. */
export class UsageError extends Error {}

/** Returns the options of a command for `parseArgs`. */
export const optionsOf = ({ options = {}, flags = [] }: Command): ParseArgsOptionsConfig => ({
  ...Object.fromEntries(flags.map((name) => [name, { type: 'boolean' as const }])),
  ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }])),
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
})

const nameWidth = 34

/** Describes commands, one a line with its summary. */
export function describeCommands(commands: readonly Command[]): string {
  return commands
    .map((command) => {
      const usage = usageOf(command)
      return usage.length < nameWidth
        ? `  ${usage.padEnd(nameWidth)}${command.summary}`
        : `  ${usage}\n  ${' '.repeat(nameWidth)}${command.summary}`
    })
    .join('\n')
}

/** Returns the usage of a command, e.g. `users list [--q <text>]`. */
function usageOf({ name, args = [], optional, options = {}, flags = [] }: Command): string {
  return [
    name,
    ...args.map((arg) => `<${arg}>`),
    ...(optional ? [`[<${optional}>]`] : []),
    ...flags.map((flag) => `[--${flag}]`),
    ...Object.entries(options).map(([option, value]) => `[--${option} <${value}>]`),
  ].join(' ')
}

/** Formats rows as a table, each column as wide as its widest cell. Control characters are escaped. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows].map((row) => row.map(terminalLine))
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)))
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd(),
  )
}
