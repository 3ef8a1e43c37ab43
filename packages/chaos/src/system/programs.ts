import { join, resolve } from 'node:path'
import { type Entry, sources } from '@muster/launcher/entries'
import { programFile } from '@muster/testing'

export const root = resolve(import.meta.dirname, '../../../..')

/** Returns the file that runs a process or a command: of the bundle that the global setup of the tests has built, where there is one. */
export const entryFile = (entry: Entry): string => programFile(sourceFile(entry))

/** Returns the source file of a process or a command, in this checkout or in that of another release. */
export const sourceFile = (entry: Entry, checkout = root): string => join(checkout, sources[entry])
