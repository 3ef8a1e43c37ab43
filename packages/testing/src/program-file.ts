import { fileURLToPath } from 'node:url'

/** Bundled files by the absolute paths of their sources. */
const bundled: Record<string, string> = JSON.parse(process.env.MUSTER_TEST_PROGRAMS ?? '{}')

/**
 * Returns the file that runs a process or a command: of the bundle that a whole run of the tests has built, else the source itself. A
 * process starts from the bundle with half of the processor time that it needs from sources, and it is what installations run.
 * @param source the main file of a process or a command
 */
export function programFile(source: URL | string): string {
  const path = source instanceof URL ? fileURLToPath(source) : source
  return bundled[path] ?? path
}
