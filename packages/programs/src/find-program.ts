import { accessSync, constants } from 'node:fs'
import { delimiter, resolve } from 'node:path'

type Places = {
  /** The folders to search, as in the variable PATH. */
  path?: string | undefined
  /** Folders to search after those. */
  folders?: readonly string[]
}

/**
 * Finds a program of this machine. A name with a slash is the path of the program.
 * @returns its absolute path; undefined when it is not there, or this user may not execute it
 */
export function findProgram(name: string, { path = process.env.PATH, folders = [] }: Places = {}): string | undefined {
  const searched = name.includes('/') ? ['.'] : [...(path ?? '').split(delimiter).filter(Boolean), ...folders]
  return searched.map((folder) => resolve(folder, name)).find(isExecutable)
}

/** Tells whether this user may execute a file. */
export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
