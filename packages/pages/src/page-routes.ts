import { globSync } from 'node:fs'
import { join } from 'node:path'

/** A page by its address, in which `$name` stands for a value. Public pages need no session. The files are those of its layouts and its own, without `.tsx`. */
export type PageRoute = { path: string; isPublic: boolean; files: string[] }

const folder = join(import.meta.dirname, '../../../apps/web/src/routes')

/** Public pages that need a session nevertheless. */
const needsSession = ['/setup-factor']

/** Addresses that lead on to another page. */
export const leadsTo: Readonly<Record<string, string>> = {
  '/account': '/account/profile',
  '/settings/security': '/account/security',
}

/** Lists all pages, from the names of their files. The file of a layout has the name of a folder. */
export function pageRoutes(): PageRoute[] {
  const files = globSync('_[a-z]*{.tsx,/**/*.tsx}', { cwd: folder }).map((file) => file.replace(/\.tsx$/, ''))
  return files
    .filter((file) => !files.some((other) => other.startsWith(`${file}/`)))
    .map((file) => {
      const path = file.replace(/^_\w+/, '').replace(/\/index$/, '') || '/'
      return {
        path,
        isPublic: file.startsWith('_public/') && !needsSession.includes(path),
        files: [...files.filter((other) => file.startsWith(`${other}/`)).toSorted(), file],
      }
    })
    .toSorted((one, other) => one.path.localeCompare(other.path))
}
