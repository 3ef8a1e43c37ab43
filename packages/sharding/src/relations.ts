/** The columns of relations in the scopes of a statement, joined into classes of equal values. */
export type Relation = {
  id: number
  /** The name by which the scope refers to it. */
  name: string
  /** Set for a table of the schema; undefined for what the statement computes. */
  table: string | undefined
  /** Undefined when any column may be asked for, as of a function. */
  columns: ReadonlySet<string> | undefined
}

/** Stands for all values that a statement is given, or computes without reading a row. */
const given = 'given'

/** Joins columns that a statement compares with `=` (union-find). */
export function createClasses() {
  const parents = new Map<string, string>()
  const values = new Map<string, Set<string>>()
  const find = (node: string): string => {
    const parent = parents.get(node)
    if (parent === undefined || parent === node) return node
    const top = find(parent)
    parents.set(node, top)
    return top
  }
  const join = (a: string, b: string) => {
    const [from, to] = [find(a), find(b)]
    if (from === to) return
    parents.set(from, to)
    const known = values.get(to) ?? new Set()
    for (const value of values.get(from) ?? []) known.add(value)
    values.set(to, known)
  }
  return {
    join,
    /** Notes that a column equals a value that comes with the statement. */
    give(node: string, value = given) {
      const top = find(node)
      values.set(top, (values.get(top) ?? new Set()).add(value))
    },
    classOf: find,
    isGiven: (node: string) => (values.get(find(node))?.size ?? 0) > 0,
  }
}

export type Classes = ReturnType<typeof createClasses>

export const nodeOf = ({ id }: Relation, column: string) => `${id}.${column}`
