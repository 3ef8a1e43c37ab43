import type { Database } from '@muster/db'
import { type RawBuilder, type Selectable, sql } from 'kysely'

type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : Name

type Stored<Table extends keyof Database, Field> = Field extends string
  ? Selectable<Database[Table]>[SnakeCase<Field> & keyof Selectable<Database[Table]>]
  : never

type SqlType<Value> = Date extends Value
  ? 'timestamptz'
  : NonNullable<Value> extends number
    ? 'integer'
    : NonNullable<Value> extends boolean
      ? 'boolean'
      : NonNullable<Value> extends string
        ? 'uuid' | 'text'
        : 'jsonb'

/** An instant is a `Date` in a row and ISO text in the API; the schema of the API tells what JSON holds. */
type InApi<Value> = SqlType<Value> extends 'jsonb' ? unknown : Value extends Date ? string : Value

/** The SQL type of each field's column; `never` where the table has no such column or holds other values in it. */
type ColumnTypes<Table extends keyof Database, Shape> = {
  [Field in keyof Shape]: SnakeCase<Field & string> extends keyof Database[Table]
    ? Shape[Field] extends InApi<Stored<Table, Field>>
      ? SqlType<Stored<Table, Field>>
      : never
    : never
}

/** A row as `selection` reads it. */
export type RowOf<Table extends keyof Database, Shape> = {
  [Field in keyof Shape]: Date extends Stored<Table, Field> ? Stored<Table, Field> : Shape[Field]
}

type Unlisted<Table extends keyof Database, Shape, Internal> = Exclude<
  keyof Database[Table],
  SnakeCase<keyof Shape & string> | Internal
>

export type Columns<Table extends keyof Database, Shape> = {
  /** The names of the columns, in order. */
  names: readonly string[]
  /** For SELECT and RETURNING: each column under the name of its field. */
  selection: RawBuilder<RowOf<Table, Shape>>
  /** For INSERT: the names of the columns, and in the same order their values, which also a SELECT can have. */
  list: RawBuilder<unknown>
  values(shape: Shape): RawBuilder<unknown>
  /** Columns with the names of the fields, of which a record holds the object in JSON; and for INSERT their values. */
  record: RawBuilder<unknown>
  recordValues: RawBuilder<unknown>
  /** For UPDATE … SET: one assignment for each field that is given. */
  assignments(changes: Partial<Shape>): RawBuilder<unknown>[]
  /** Converts a row to the shape of the API. Also takes rows that were aggregated to JSON, in which instants are text. */
  fromRow(row: RowOf<Table, Shape> | Shape): Shape
}

/**
 * Maps the fields of an API object to the columns of its table, whose names are those of the fields in snake case. All text
 * of SQL is built once, here. A field without its column or of another type, and a column of the table that is neither a
 * field nor named in `Internal`, are compile errors.
 * @param types the SQL type of each column
 */
export function columnsOf<Table extends keyof Database, Shape extends object, Internal extends string = never>(
  table: Table,
  types: [Unlisted<Table, Shape, Internal>] extends [never]
    ? ColumnTypes<Table, Shape>
    : { 'neither a field nor internal': Unlisted<Table, Shape, Internal> },
): Columns<Table, Shape> {
  const typeOf = types as Record<keyof Shape, string>
  const fields = Object.keys(types) as (keyof Shape & string)[]
  const names = fields.map(toSnakeCase)
  const instants = fields.filter((field) => typeOf[field] === 'timestamptz')
  const casts = fields.map((field) => `::${typeOf[field]}`)
  // The text around the values, as the template of the tag `sql` has it.
  const valuesText = ['', ...casts.slice(0, -1).map((cast) => `${cast}, `), ...casts.slice(-1)]
  const assigned = new Map(fields.map((field, index) => [field as string, sql.raw(`${names[index]} = `)]))
  return {
    names,
    selection: sql.raw(fields.map((field, index) => `${table}.${names[index]} as "${field}"`).join(', ')),
    list: sql.raw(names.join(', ')),
    values: (shape) => sql(valuesText as unknown as TemplateStringsArray, ...fields.map((field) => shape[field])),
    record: sql.raw(fields.map((field) => `"${field}" ${typeOf[field]}`).join(', ')),
    recordValues: sql.raw(fields.map((field) => `"${field}"`).join(', ')),
    assignments: (changes) => Object.entries(changes).map(([field, value]) => sql`${assigned.get(field)}${value}`),
    fromRow(row) {
      const shape = { ...row } as Record<string, unknown>
      for (const field of instants) shape[field] = toIso(shape[field] as Date | string | null)
      return shape as Shape
    },
  }
}

const toSnakeCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const toIso = (instant: Date | string | null) =>
  instant instanceof Date ? instant.toISOString() : instant && new Date(instant).toISOString()
