import type { ParseArgsOptionsConfig } from 'node:util'
import { terminalLine } from '@muster/text'

/** What a command has to tell: `lines` for people, `data` for who asked for JSON. */
export type Result = {
  data: object
  lines: readonly string[]
  /** False makes the command fail although it did what it was told. */
  isWell?: boolean
}

export type Given = { args: readonly string[]; options: Readonly<Record<string, string | undefined>> }

/** A command as a value; all of it is what `--help` shows. */
export type Command = {
  /** Two or three words, e.g. `users show`. */
  name: string
  /** What stands behind the name, in this order; all of it must be given. */
  args?: readonly string[]
  /** Options that take a value, with what the value is. */
  options?: Readonly<Record<string, string>>
  summary: string
  run(given: Given): Result | Promise<Result>
}

/** Someone wrote what is no command. */
export class UsageError extends Error {}

/** The options of a command as Node reads them. */
export const optionsOf = ({ options = {} }: Command): ParseArgsOptionsConfig => ({
  ...Object.fromEntries(Object.keys(options).map((name) => [name, { type: 'string' as const }])),
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
})

const nameWidth = 34

/** The commands, one a line with its summary. */
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

/** e.g. `users list [--q <text>]`. */
function usageOf({ name, args = [], options = {} }: Command): string {
  return [
    name,
    ...args.map((arg) => `<${arg}>`),
    ...Object.entries(options).map(([option, value]) => `[--${option} <${value}>]`),
  ].join(' ')
}

/** Rows under each other, each column as wide as its widest cell; control characters are shown, not obeyed. */
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
