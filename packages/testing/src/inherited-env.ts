/**
 * Returns what a process started by a test inherits: the search path, the temporary folder, and the cache of compiled modules, which
 * halves the time of its start.
 */
export function inheritedEnv(): { PATH: string | undefined; TMPDIR?: string; NODE_COMPILE_CACHE?: string } {
  const { PATH, TMPDIR, NODE_COMPILE_CACHE } = process.env
  return { PATH, ...(TMPDIR && { TMPDIR }), ...(NODE_COMPILE_CACHE && { NODE_COMPILE_CACHE }) }
}
