import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { isTestFile } from '../place.ts'
import type { Workspace } from '../workspace.ts'
import { findLogLines } from './find-log-lines.ts'

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

/** A line that a process may log. */
export type LogLine = {
  file: string
  /** Where the call stands, counted from 1. */
  line: number
  level: Level
  /** The constant texts of which the call logs one; empty when a message is none. */
  messages: readonly string[]
  /** The part that logs; undefined when its file does not tell. */
  component: string | undefined
  /** Whether a field of the line is called `event`, which the logger replaces. */
  hasEventField: boolean
}

/** Packages that run no process of Muster. */
const notRunning = /^packages\/(bench|chaos|devkit|openapi|structure|testing)\//
/** Logs what its callers say. */
const forwarder = 'packages/telemetry/src/outage.ts'
const mayLog = /\blog(?:ger)?\??\.(?:trace|debug|info|warn|error|fatal)\(|\btrackOutage\(/

/** Reads every line that the sources of the apps, the packages and db may log. */
export async function readLogLines(root: string, workspace: Workspace): Promise<LogLine[]> {
  const found: LogLine[] = []
  for (const { folder } of workspace)
    for await (const file of glob(`${folder}/src/**/*.{ts,tsx}`, { cwd: root })) {
      if (isTestFile(file) || notRunning.test(file) || file === forwarder) continue
      const text = await readFile(join(root, file), 'utf8')
      if (!mayLog.test(text)) continue
      const { program } = parseSync(file, text)
      found.push(...findLogLines(file, text, program))
    }
  return found.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
}
