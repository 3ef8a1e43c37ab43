import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { processTuning } from '@muster/cores'
import { type Entry, entryFile } from './entries.ts'

/**
 * Flags of Node by which the idle workers need a fifth less memory: V8 keeps a small space for young objects. Workers wait for their
 * services most of the time, so they collect garbage more often without being slower.
 */
const workerFlags = ['--max-semi-space-size=2']
/** The supervisor waits for its children, and nothing that it does must be fast. */
const supervisorFlags = ['--max-semi-space-size=1', '--optimize-for-size']

export type NodeCommand = { args: string[]; env: NodeJS.ProcessEnv }

/** Returns the arguments and the environment with which Node runs an app. Variables of the operator win over the tuning. */
export function nodeCommand(app: Entry, args: readonly string[], env: NodeJS.ProcessEnv): NodeCommand {
  const given = Object.entries(env).filter(([, text]) => text !== '')
  return {
    args: [...process.execArgv, ...flagsOf(app), fileURLToPath(entryFile(app)), ...args],
    env: { ...processTuning(), ...bundledPages(app), ...Object.fromEntries(given) },
  }
}

/** The API serves the pages of the bundle, unless WEB_ROOT names others or `none`. */
function bundledPages(entry: Entry): NodeJS.ProcessEnv {
  const folder = new URL('./web/', import.meta.url)
  return entry === 'api' && existsSync(folder) ? { WEB_ROOT: fileURLToPath(folder) } : {}
}

const flagsOf = (entry: Entry): string[] => (entry === 'api' ? [] : entry === 'all' ? supervisorFlags : workerFlags)
