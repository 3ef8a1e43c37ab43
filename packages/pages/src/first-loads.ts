import type { Rolldown } from 'vite'
import { pageRoutes } from './page-routes.ts'

/** The first loads of a page for a signed-in user: files of the pages, and addresses of the API, in which `$name` stands for the value in the page's own address. */
type FirstLoads = { parts: string[]; reads: string[] }

/** The file beside `index.html` that tells of each page by its address what it loads first. The API names it to the browser in the header `Link`. */
export const firstLoadsName = 'first-loads.json'

/**
 * Reads of the API that pages begin as soon as they open, not after another read: a browser would keep the answer until then. A test of the pages sees
 * that each is asked for, and not twice.
 */
const reads: Readonly<Record<string, string[]>> = {
  '/': ['tasks?status=todo%2Cin-progress&overdue=true&limit=20', 'reminders?status=pending&sort=scheduledAt&limit=5'],
  '/account/notifications': ['users/me/preferences'],
  '/account/privacy': ['users/me/preferences'],
  '/account/security': ['auth/two-factor'],
  '/account/sessions': ['auth/sessions'],
  '/analytics': ['analytics', 'analytics/streaks'],
  '/chats/$chatId': ['chats/$chatId'],
  '/ops': ['admin/status'],
  '/ops/audit': ['admin/audit-events/chain', 'admin/audit-events?limit=50'],
  '/ops/invites': ['invites?status=pending&page=1&limit=100'],
  '/ops/mails': ['admin/emails?limit=50'],
  '/ops/mails/$emailId': ['admin/emails/$emailId'],
  '/ops/organizations': ['admin/organizations?limit=50'],
  '/ops/organizations/$organizationId': ['admin/organizations/$organizationId'],
  '/ops/people': ['admin/users?page=1&limit=100'],
  '/ops/people/$userId': ['admin/users/$userId'],
  '/ops/queues/$queue': ['admin/status', 'admin/queues/$queue/failures'],
  '/organization': ['organization'],
  '/people': ['friends/requests', 'friends?page=1&limit=100'],
  '/tasks': ['tasks?status=todo%2Cin-progress&limit=100'],
  '/tasks/$taskId': ['tasks/$taskId'],
}

/** Finds what each page of a signed-in user loads first, in the output of the build. */
export function findFirstLoads({ output }: Rolldown.RolldownOutput): Record<string, FirstLoads> {
  const parts = new Map(output.filter((one) => one.type === 'chunk').map((part) => [part.fileName, part]))
  const entry = parts.values().find(({ isEntry }) => isEntry)?.fileName
  const withImports = (file: string): string[] => [file, ...(parts.get(file)?.imports ?? []).flatMap(withImports)]
  const partsOf = (file: string) => {
    const component = `/src/routes/${file}.tsx?tsr-split=component`
    const own = parts.values().find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(component)))
    return own ? withImports(own.fileName) : []
  }
  const loadsOf = ({ path, files }: { path: string; files: string[] }): FirstLoads => ({
    parts: [...new Set(files.flatMap(partsOf))].filter((file) => file !== entry),
    reads: (reads[path] ?? []).map((read) => `api/v1/${read}`),
  })
  const pages = pageRoutes().filter(({ files }) => files[0] === '_app')
  return Object.fromEntries(pages.map((page) => [page.path, loadsOf(page)]))
}
