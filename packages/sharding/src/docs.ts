import { readFileSync, writeFileSync } from 'node:fs'
import { crossings } from './crossings.ts'
import { type Constraint, refusals } from './refusals.ts'
import { placements } from './tables.ts'

export const page = new URL('../../../docs/scale.md', import.meta.url)

/** Writes the tables about shards into `docs/scale.md`. */
export function writeTables(constraints: readonly Constraint[]): void {
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), constraints))
}

/** Returns the page with its tables about shards made anew. @throws Error when a place is missing */
export function withTables(text: string, constraints: readonly Constraint[]): string {
  const tables = { placements: placementsTable(), refusals: refusalsTable(constraints), crossings: crossingsTable() }
  return Object.entries(tables).reduce((result, [name, table]) => {
    const [start, end] = [`<!-- ${name}: made by npm run shards -->\n`, `<!-- end of ${name} -->`]
    const [from, to] = [result.indexOf(start), result.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`docs/scale.md lacks the comments "${start.trim()}" and "${end}".`)
    return `${result.slice(0, from + start.length)}\n${table}\n\n${result.slice(to)}`
  }, text)
}

function placementsTable(): string {
  const rows = Object.entries(placements).map(([table, placement]) => {
    const place =
      'by' in placement ? `\`${placement.by}\` (${placement.group})` : 'reference' in placement ? 'reference' : 'local'
    return `| \`${table}\` | ${place} | ${placement.why} |`
  })
  return ['| table | distributed by (group) | why |', '|---|---|---|', ...rows].join('\n')
}

function refusalsTable(constraints: readonly Constraint[]): string {
  const rows = refusals(constraints).map(({ table, name, why }) => `| \`${table}\` | \`${name}\` | ${why} |`)
  return ['| table | constraint or index | refused because |', '|---|---|---|', ...rows].join('\n')
}

const crossingsTable = (): string =>
  crossings
    .map(({ why, mend, statements }) =>
      [
        `**${why}** ${mend}`,
        '',
        ...Object.entries(statements).map(
          ([file, lists]) => `- \`${file}\`: ${lists.map((tables) => tables.replaceAll(' ', ', ')).join(' · ')}`,
        ),
      ].join('\n'),
    )
    .join('\n\n')
