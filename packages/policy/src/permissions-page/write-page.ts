import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invitableRoles } from '../invitable-roles.ts'
import { permissions } from '../permissions.ts'
import { roles } from '../roles.ts'

/**
 * Writes docs/permissions.md: page.md with the tables that the code reads. `--check` writes nothing and fails when the
 * page is out of date.
 */
const target = join(import.meta.dirname, '../../../../docs/permissions.md')
const shown = { all: 'all', organization: 'organization', own: 'own', none: '–' }

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')

const tables: Record<string, string> = {
  permissions: table(
    ['', ...roles, ''],
    Object.entries(permissions).map(([name, row]) => {
      const [a, b, c, d, e, says] = row
      return [`\`${name}\``, ...[a, b, c, d, e].map((scope) => shown[scope]), says]
    }),
  ),
  'invitable roles': table(
    ['role', 'may invite'],
    roles.map((role) => [role, invitableRoles(role).join(', ') || 'nobody']),
  ),
}

const page = await readFile(join(import.meta.dirname, 'page.md'), 'utf8')
const source = page.replace(/{{(.+?)}}/g, (_, name: string) => tables[name] ?? '')
if (!process.argv.includes('--check')) {
  await writeFile(target, source)
} else if (source !== (await readFile(target, 'utf8').catch(() => ''))) {
  console.error(
    'docs/permissions.md is not what the table gives: run `pnpm --filter @muster/policy permissions:write`.',
  )
  process.exit(1)
}
