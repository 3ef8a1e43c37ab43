import { type Kysely, sql } from 'kysely'

/** The text format of times, in JSON too. A database, role or cluster may have other defaults. */
const settings = { DateStyle: 'ISO, MDY', IntervalStyle: 'postgres', TimeZone: 'UTC' } as const

/**
 * Builds the part of a `pg` configuration with the address and with session settings that make results independent of the
 * installation. Options in the URL take precedence.
 */
export function connectionTo(url: string): { connectionString: string; options: string } {
  const own = Object.entries(settings).map(([name, value]) => `-c ${name}=${value.replaceAll(' ', '')}`)
  const given = /[?&]options=/.test(url) ? new URL(url) : undefined
  const options = [...own, given?.searchParams.get('options') ?? ''].join(' ').trim()
  given?.searchParams.delete('options')
  return { connectionString: given?.href ?? url, options }
}

/**
 * Finds session settings that had no effect, e.g. behind a pooler that ignores them, so that results differ from those of other
 * installations. The locale of the database makes no difference.
 * @returns a sentence with the remedy for each
 */
// biome-ignore lint/suspicious/noExplicitAny: works on any state of the schema
export async function findSettingFaults(db: Kysely<any>): Promise<string[]> {
  const names = Object.keys(settings) as (keyof typeof settings)[]
  const { rows } = await sql<Record<string, unknown>>`
    select ${sql.join(names.map((name) => sql`current_setting(${name}) as ${sql.ref(name)}`))}`.execute(db)
  const [found] = rows
  return names
    .filter((name) => found?.[name] !== settings[name])
    .map(
      (name) =>
        `The sessions of the database have ${name} "${found?.[name]}" instead of "${settings[name]}". Let the connection pooler between pass the startup parameter "options" on, or set it for the role.`,
    )
}
