import pg from 'pg'
import { writeTables } from './docs.ts'
import { type Constraint, constraintsSql } from './refusals.ts'

const connectionString = process.env.DATABASE_URL
if (!connectionString) {
  console.error(
    'Set DATABASE_URL to a migrated database, whose constraints are read: DATABASE_URL=postgres://… npm run shards',
  )
  process.exit(2)
}
const client = new pg.Client({ connectionString })
await client.connect()
const { rows } = await client.query<Constraint>(constraintsSql)
await client.end()
writeTables(rows)
console.log('The tables about shards in docs/scale.md are written.')
