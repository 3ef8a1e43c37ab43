import type { Kysely, Transaction } from 'kysely'
import type { DB, Json as GeneratedJson } from './types.gen.ts'

export type Database = DB
export type Db = Kysely<Database>
/** An open transaction. A query with this parameter runs inside it. */
export type Trx = Transaction<Database>
export type Json = GeneratedJson
