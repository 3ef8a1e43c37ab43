import { type Placement, placements } from './tables.ts'

/** A constraint or unique index, as the catalogue of Postgres has it. */
export type Constraint = {
  table: string
  name: string
  kind: 'unique' | 'foreign'
  columns: string[]
  /** Of a foreign key: the table and the columns that it refers to. */
  target: string | null
  targetColumns: string[] | null
}

/** SQL: every primary key, unique index and foreign key of the schema, partitions left out. */
export const constraintsSql = `
  select table_.relname as table, index_.relname as name, 'unique' as kind,
    coalesce(array(select attname::text from unnest(indkey::int2[]) with ordinality as key (number, place)
      join pg_attribute on attrelid = indrelid and attnum = key.number order by place), '{}') as columns,
    null::text as target, null::text[] as "targetColumns"
  from pg_index join pg_class index_ on index_.oid = indexrelid join pg_class table_ on table_.oid = indrelid
  where indisunique and table_.relnamespace = 'public'::regnamespace and not table_.relispartition
  union all
  select table_.relname, conname, 'foreign',
    array(select attname::text from unnest(conkey) with ordinality as key (number, place)
      join pg_attribute on attrelid = conrelid and attnum = key.number order by place),
    target_.relname,
    array(select attname::text from unnest(confkey) with ordinality as key (number, place)
      join pg_attribute on attrelid = confrelid and attnum = key.number order by place)
  from pg_constraint join pg_class table_ on table_.oid = conrelid join pg_class target_ on target_.oid = confrelid
  where contype = 'f' and table_.relnamespace = 'public'::regnamespace and not table_.relispartition
  order by 1, 2`

export type Refusal = { table: string; name: string; why: string }

/** Lists the constraints that Citus refuses for this placement, by the rules of its documentation. */
export const refusals = (constraints: readonly Constraint[]): Refusal[] =>
  constraints.flatMap((constraint) => {
    const why = whyRefused(constraint)
    return why === undefined ? [] : [{ table: constraint.table, name: constraint.name, why }]
  })

function whyRefused({ table, kind, columns, target, targetColumns }: Constraint): string | undefined {
  const own = placements[table]
  if (!own) return undefined
  if (kind === 'unique')
    return 'by' in own && !columns.includes(own.by)
      ? `unique (${columns.join(', ') || 'an expression'}) without ${own.by}`
      : undefined
  return whyForeignIsRefused(own, columns, target ?? '', targetColumns ?? [])
}

function whyForeignIsRefused(
  own: Placement,
  columns: string[],
  target: string,
  targetColumns: string[],
): string | undefined {
  const other = placements[target]
  if (!other || 'local' in own)
    return other && 'by' in other ? `from a local table to ${target}, which is distributed` : undefined
  if ('reference' in other) return undefined
  if ('reference' in own) return `from a reference table to ${target}`
  if ('local' in other) return `from a distributed table to ${target}, which is local`
  const place = columns.indexOf(own.by)
  return place >= 0 && targetColumns[place] === other.by && own.group === other.group
    ? undefined
    : `to ${target} without the distribution columns of both`
}
