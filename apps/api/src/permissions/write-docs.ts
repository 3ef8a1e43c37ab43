import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { roles } from '../plugins/actor.ts'
import { invitableRoles } from './invitable-roles.ts'
import { permissions } from './table.ts'

/** Writes docs/permissions.md from the table. `--check` writes nothing and fails when the page says something else. */
const page = join(import.meta.dirname, '../../../../docs/permissions.md')

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
const shown = { all: 'all', organization: 'organization', own: 'own', none: '–' }

const source = `<!-- Made of apps/api/src/permissions by \`pnpm permissions:write\`. -->
# Who may do what

*all*: with everything there is. *organization*: with what belongs to one’s organization, and with one’s own. *own*: with one’s own
alone. Whatever else there is hangs on one’s own account, and is everybody’s. What somebody may not see answers 404, as if it did not
exist; what they see and may not do, 403.

${table(
  ['', ...roles, ''],
  Object.entries(permissions).map(([name, [...cells]]) => {
    const says = cells.pop() as string
    return [`\`${name}\``, ...cells.map((scope) => shown[scope as keyof typeof shown]), says]
  }),
)}

## Into which roles one may invite

${table(
  ['role', 'may invite'],
  roles.map((role) => [role, invitableRoles(role).join(', ') || 'nobody']),
)}

## Besides

- Nobody changes their own role, or deactivates themselves.
- Administrators change people only from and to roles into which they may invite: so nobody acts on their equals or those above.
- Within an organization its client_admins are equals: each may make a member client_admin, and no longer client_admin.
- The last client_admin of an organization can’t leave it, be demoted or be deleted while others are in it.
- Whom the platform deactivated, no organization reactivates.
`

if (!process.argv.includes('--check')) {
  await writeFile(page, source)
} else if (source !== (await readFile(page, 'utf8').catch(() => ''))) {
  console.error('docs/permissions.md is not what apps/api/src/permissions gives: run `pnpm permissions:write`.')
  process.exit(1)
}
