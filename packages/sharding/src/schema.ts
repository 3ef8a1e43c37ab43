import { readFileSync } from 'node:fs'

const types = readFileSync(new URL('../../../db/src/types.gen.ts', import.meta.url), 'utf8')
const columnsByType = new Map(
  [...types.matchAll(/^export interface (\w+) \{\n([\s\S]*?)^\}/gm)].map(([, name = '', body = '']) => [
    name,
    new Set([...body.matchAll(/^ {2}(\w+): /gm)].map(([, column = '']) => column)),
  ]),
)
const typesByTable = new Map(
  [...(/^export interface DB \{\n([\s\S]*?)^\}/m.exec(types)?.[1] ?? '').matchAll(/^ {2}(\w+): (\w+);/gm)].map(
    ([, table = '', type = '']) => [table, type],
  ),
)

/** All tables of the schema. */
export const tables: readonly string[] = [...typesByTable.keys()]

/** Returns the columns of a table; undefined for a relation that is none. */
export const columnsOf = (table: string): ReadonlySet<string> | undefined =>
  columnsByType.get(typesByTable.get(table) ?? '')
