import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { styleText } from 'node:util'
import { terminalLine, terminalText } from '@muster/text'

type Style = Parameters<typeof styleText>[0]

const colours: Style[] = ['cyan', 'magenta', 'yellow', 'green', 'blue', 'gray']
const levelStyles: Record<string, Style> = { warn: 'yellow', error: 'red', fatal: 'red', debug: 'gray', trace: 'gray' }
const minNameWidth = 15

/** Prints a line under a name, all names in one column. */
export type Say = (name: string, line: string) => void

/** Creates a printer of lines under names. Colours appear only in terminals that support them; `api-1` and `api-2` share one. */
export function createSay(names: string[]): Say {
  let nameWidth = minNameWidth
  return (name, line) => {
    nameWidth = Math.max(nameWidth, name.length)
    const style = colours[names.indexOf(name.replace(/-\d+$/, ''))] ?? 'bold'
    process.stdout.write(`${paint(style, name.padEnd(nameWidth))} ${line}\n`)
  }
}

/** Styles a text, unless standard output shows no styles. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout })
}

/** Prints the output of a child process line by line under its name. */
export function pipeLines(stream: Readable, name: string, say: Say): void {
  createInterface({ input: stream }).on('line', (line) => say(name, readable(line)))
}

/** Formats a JSON line of the log for people to read; returns any other line as it is. Control characters are escaped. */
export function readable(line: string): string {
  if (!line.startsWith('{')) return terminalText(line)
  let entry: Record<string, unknown>
  try {
    entry = JSON.parse(line) as Record<string, unknown>
  } catch {
    return terminalText(line)
  }
  const {
    time,
    level,
    msg,
    err,
    detail,
    component,
    event: _event,
    name: _name,
    pid: _pid,
    hostname: _host,
    ...rest
  } = entry
  // The name before the line tells the process, and its message the event.
  const fields = component === undefined || component === 'process' ? rest : { component, ...rest }
  const details = Object.entries(fields).map(([key, value]) => paint('gray', terminalLine(`${key}=${inline(value)}`)))
  const label = terminalLine(String(level ?? 'info'))
  const head = [
    terminalLine(String(time ?? '').slice(11, 23)),
    paint(levelStyles[label] ?? 'green', label.padEnd(5)),
    terminalText(String(msg ?? '') + (typeof detail === 'string' ? `: ${detail}` : '')),
  ]
  const stack = (err as { stack?: string } | undefined)?.stack
  return [...head, ...details].join(' ') + (stack ? `\n${terminalText(String(stack))}` : '')
}

function inline(value: unknown): string {
  return typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)
}
