import type { Kysely, Transaction } from 'kysely'
import type { DB, Json as GeneratedJson } from './types.gen.ts'

export type Database = DB
export type Db = Kysely<Database>
/** An open transaction: a query that takes it can't leave it. */
export type Trx = Transaction<Database>
export type Json = GeneratedJson
