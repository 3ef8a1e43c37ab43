import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pagesFolder } from './folders.ts'
import { leadsTo, type PageRoute, pageRoutes } from './page-routes.ts'
import { readRelease } from './releases.ts'
import { readSourceStamp } from './source-stamp.ts'

export { leadsTo, type PageRoute, pageRoutes, pagesFolder, readRelease }

/** The program that serves the pages from their sources, at the port in its argument. */
export const pagesDevMain: string = join(import.meta.dirname, 'dev-main.ts')

/** Tests whether there are built pages, perhaps of other sources. */
export const hasBuiltPages = (): boolean => existsSync(join(pagesFolder, 'index.html'))

/** Tests whether the built pages are of the present sources. */
export const areBuiltPagesFresh = (): boolean => readRelease(pagesFolder)?.stamp === readSourceStamp()

/**
 * Builds the pages in a process of its own, unless they were built from the same sources. Callers of all processes share one build.
 * @returns the folder, for WEB_ROOT
 * @throws Error with what Vite reports
 */
export async function builtPages({ signal }: { signal?: AbortSignal } = {}): Promise<string> {
  if (areBuiltPagesFresh()) return pagesFolder
  const child = spawn(process.execPath, [join(import.meta.dirname, 'build-main.ts')], {
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(signal && { signal }),
  })
  const ended = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject))
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code !== 0) throw new Error(`The pages could not be built:\n${stderr.trim() || stdout.trim()}`)
  return pagesFolder
}
