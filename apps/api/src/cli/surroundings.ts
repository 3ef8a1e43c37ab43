import { AsyncLocalStorage } from 'node:async_hooks'
import type { Readable, Writable } from 'node:stream'

/** The environment, streams and signals of a command: those of its process, or those that a caller within another process gives it. */
export type Surroundings = {
  env: NodeJS.ProcessEnv
  stdin: Readable & { isTTY?: boolean }
  stdout: Writable & { isTTY?: boolean; columns?: number }
  stderr: Writable & { isTTY?: boolean }
  /** Emits SIGINT and SIGTERM. */
  signals: Pick<NodeJS.EventEmitter, 'once'>
}

const storage = new AsyncLocalStorage<Surroundings>()

/** Runs `fn` and everything that it starts with these surroundings. */
export const withSurroundings = <T>(given: Surroundings, fn: () => T): T => storage.run(given, fn)

/** Returns the surroundings of the running command. @throws Error outside of a command */
export function surroundings(): Surroundings {
  const given = storage.getStore()
  if (!given) throw new Error('This runs within a command alone.')
  return given
}

/** Writes a line to the standard error of the running command. */
export const tell = (line: string): void => void surroundings().stderr.write(`${line}\n`)
