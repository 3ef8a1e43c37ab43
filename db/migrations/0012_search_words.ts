import { type Kysely, sql } from 'kysely'

/**
 * What stands between words. Left alone, Postgres takes `report-final.pdf` or `JIRA-1234` for one thing of its own kind, which
 * the beginning of a word in it does not find. The API takes the same marks out of what is searched.
 */
const marks = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'

// biome-ignore lint/suspicious/noExplicitAny: a migration is frozen in time and must not follow today's types
export async function up(db: Kysely<any>): Promise<void> {
  const words = (column: string) =>
    sql`to_tsvector('simple', translate(coalesce(${sql.id(column)}, ''), ${sql.lit(marks)}, ${sql.lit(' '.repeat(marks.length))}))`
  await replaceSearch(db, words)
}

// biome-ignore lint/suspicious/noExplicitAny: see above
export async function down(db: Kysely<any>): Promise<void> {
  await replaceSearch(db, (column) => sql`to_tsvector('simple', coalesce(${sql.id(column)}, ''))`)
}

/** Writes the table anew: a million tasks take about half a minute, in which nobody reads or writes tasks. */
// biome-ignore lint/suspicious/noExplicitAny: see above
async function replaceSearch(db: Kysely<any>, words: (column: string) => ReturnType<typeof sql>): Promise<void> {
  await sql`alter table tasks drop column search`.execute(db)
  await sql`
    alter table tasks add column search tsvector generated always as (
      setweight(${words('title')}, 'A') || setweight(${words('description')}, 'B')
    ) stored`.execute(db)
  await sql`create index tasks_search on tasks using gin (search)`.execute(db)
  await sql`analyze tasks`.execute(db)
}
