import { loadModule, parseSync } from 'libpg-query'
import { type Classes, createClasses, nodeOf, type Relation } from './relations.ts'
import { columnsOf } from './schema.ts'
import { distributionColumn, groupOf, isLocal } from './tables.ts'

await loadModule()

// The tree of Postgres' own parser, of which this reads a few kinds of nodes and passes through the others.
// biome-ignore lint/suspicious/noExplicitAny: each node is an object with one key, its kind
type Node = any
type Scope = { relations: Relation[]; ctes: Map<string, Relation>; outer: Scope | undefined }

export type Verdict = {
  /** The distributed tables that it names. */
  tables: string[]
  /** Those whose distribution column is given no value, neither itself nor by a column that equals it. */
  unbound: string[]
  /** True when its distributed tables are not joined by their distribution columns, so that it reads or writes several shards at once. */
  joinsShards: boolean
  /** The local tables that it names beside distributed ones: the coordinator has them, the shards do not. */
  locals: string[]
}

/** Tells which shards a statement needs. @throws Error when it is no SQL */
export function analyse(sql: string): Verdict {
  const statement = new Statement()
  for (const { stmt } of parseSync(sql).stmts ?? []) statement.visit(stmt, undefined)
  return statement.verdict()
}

class Statement {
  readonly #classes: Classes = createClasses()
  readonly #distributed: Relation[] = []
  readonly #locals = new Set<string>()
  #count = 0

  verdict(): Verdict {
    const column = (relation: Relation) => nodeOf(relation, distributionColumn(relation.table) as string)
    const names = (relations: Relation[]) => [...new Set(relations.map(({ table }) => table as string))].sort()
    // Two values that a statement is given are taken for the same user, organization or chat, which Postgres learns at its execution.
    const placeOf = (relation: Relation) =>
      this.#classes.isGiven(column(relation)) ? groupOf(relation.table) : this.#classes.classOf(column(relation))
    return {
      tables: names(this.#distributed),
      unbound: names(this.#distributed.filter((relation) => !this.#classes.isGiven(column(relation)))),
      locals: this.#distributed.length > 0 ? [...this.#locals].sort() : [],
      joinsShards: new Set(this.#distributed.map(placeOf)).size > 1,
    }
  }

  /** Reads a statement. @returns the columns of its result, which equal those of the relation */
  visit(node: Node, outer: Scope | undefined): Relation {
    const [kind] = Object.keys(node)
    const body = node[kind as string]
    const scope: Scope = { relations: [], ctes: new Map(), outer }
    for (const { CommonTableExpr: cte } of body.withClause?.ctes ?? []) {
      // A recursive one refers to itself.
      const itself = this.#relation(cte.ctename, undefined, undefined)
      scope.ctes.set(cte.ctename, itself)
      const result = this.visit(cte.ctequery, scope)
      const names = (cte.aliascolnames ?? []).map((name: Node) => name.String.sval)
      scope.ctes.set(cte.ctename, names.length > 0 ? this.#renamed(result, names) : result)
    }
    if (kind === 'SelectStmt') return this.#select(body, scope)
    if (kind === 'InsertStmt') return this.#insert(body, scope)
    if (kind === 'UpdateStmt' || kind === 'DeleteStmt') return this.#change(body, scope)
    if (kind === 'ExplainStmt') return this.visit(body.query, scope)
    return this.#relation('', undefined, new Set())
  }

  #select(body: Node, scope: Scope): Relation {
    if (body.larg) {
      const [left, right] = [body.larg, body.rarg].map((each) => this.visit({ SelectStmt: each }, scope)) as [
        Relation,
        Relation,
      ]
      const names = [...(right.columns ?? [])]
      for (const [index, column] of [...(left.columns ?? [])].entries())
        if (names[index] !== undefined) this.#classes.join(nodeOf(left, column), nodeOf(right, names[index]))
      return left
    }
    if (body.valuesLists) return this.#values(body.valuesLists, scope)
    for (const from of body.fromClause ?? []) this.#from(from, scope)
    this.#conditions(body.whereClause, scope)
    for (const part of ['havingClause', 'groupClause', 'sortClause', 'limitCount', 'distinctClause', 'windowClause'])
      this.#expressions(body[part], scope)
    return this.#result(body.targetList ?? [], scope)
  }

  #insert(body: Node, scope: Scope): Relation {
    const target = this.#table(body.relation, scope)
    const columns: string[] = (body.cols ?? []).map((column: Node) => column.ResTarget.name)
    if (body.selectStmt) {
      const source = this.visit(body.selectStmt, scope)
      const names = [...(source.columns ?? [])]
      for (const [index, column] of columns.entries())
        if (names[index] !== undefined) this.#classes.join(nodeOf(target, column), nodeOf(source, names[index]))
    }
    scope.relations.push(target, { ...target, name: 'excluded' })
    // What a conflicting row is compared with does not choose the row.
    this.#expressions(body.onConflictClause?.targetList, scope)
    this.#expressions(body.onConflictClause?.whereClause, scope)
    return this.#result(returned(body), scope)
  }

  #change(body: Node, scope: Scope): Relation {
    scope.relations.push(this.#table(body.relation, scope))
    for (const from of body.fromClause ?? body.usingClause ?? []) this.#from(from, scope)
    this.#conditions(body.whereClause, scope)
    this.#expressions(body.targetList, scope)
    return this.#result(returned(body), scope)
  }

  #values(lists: Node[], scope: Scope): Relation {
    const width = lists[0]?.List.items.length ?? 0
    const names = Array.from({ length: width }, (_, index) => `column${index + 1}`)
    const relation = this.#relation('values', undefined, new Set(names))
    for (const { List } of lists)
      for (const [index, item] of List.items.entries())
        this.#equal(nodeOf(relation, names[index] as string), item, scope)
    return relation
  }

  #from(node: Node, scope: Scope): void {
    const [kind] = Object.keys(node)
    const body = node[kind as string]
    if (kind === 'RangeVar') scope.relations.push(this.#table(body, scope))
    if (kind === 'JoinExpr') {
      this.#from(body.larg, scope)
      const left = scope.relations.length
      this.#from(body.rarg, scope)
      this.#using(body.usingClause ?? [], scope.relations.slice(0, left), scope.relations.slice(left))
      this.#conditions(body.quals, scope)
    }
    if (kind === 'RangeSubselect') {
      const result = this.visit(body.subquery, scope)
      const names = (body.alias?.colnames ?? []).map((name: Node) => name.String.sval)
      scope.relations.push({
        ...(names.length > 0 ? this.#renamed(result, names) : result),
        name: body.alias?.aliasname ?? '',
      })
    }
    if (kind === 'RangeFunction') {
      this.#expressions(body.functions, scope)
      const names = (body.alias?.colnames ?? []).map((name: Node) => name.String.sval)
      scope.relations.push(this.#computed(body.alias?.aliasname ?? '', names))
    }
  }

  #using(names: Node[], left: Relation[], right: Relation[]): void {
    for (const { String: name } of names) {
      const [one, other] = [left, right].map((side) => side.find(({ columns }) => columns?.has(name.sval) ?? true))
      if (one && other) this.#classes.join(this.#nodeOf(one, name.sval), this.#nodeOf(other, name.sval))
    }
  }

  /** Notes what a condition demands of every row: the equalities that are joined by `and`. */
  #conditions(node: Node, scope: Scope): void {
    if (!node) return
    if (node.BoolExpr?.boolop === 'AND_EXPR') {
      for (const arg of node.BoolExpr.args) this.#conditions(arg, scope)
      return
    }
    const expression = node.A_Expr
    const isEqual = expression?.name?.[0]?.String?.sval === '='
    if (isEqual && ['AEXPR_OP', 'AEXPR_OP_ANY', 'AEXPR_IN'].includes(expression.kind)) {
      const { lexpr: left, rexpr: right } = expression
      const column = this.#column(left, scope)
      if (column) this.#equal(column, right, scope)
      else {
        const other = this.#column(right, scope)
        if (other) this.#equal(other, left, scope)
        else this.#expressions([left, right], scope)
      }
      return
    }
    const link = node.SubLink
    if (link?.subLinkType === 'ANY_SUBLINK' && link.testexpr) {
      const result = this.visit(link.subselect, scope)
      const [first] = result.columns ?? []
      const column = this.#column(link.testexpr, scope)
      if (column && first !== undefined) this.#classes.join(column, nodeOf(result, first))
      return
    }
    this.#expressions(node, scope)
  }

  /** Notes that a column equals an expression: another column, the result of a subquery, or a value. */
  #equal(column: string, expression: Node, scope: Scope): void {
    const other = this.#column(expression, scope)
    if (other) {
      this.#classes.join(column, other)
      return
    }
    const link = expression?.SubLink
    if (link && ['EXPR_SUBLINK', 'ARRAY_SUBLINK'].includes(link.subLinkType)) {
      const result = this.visit(link.subselect, scope)
      const [first] = result.columns ?? []
      if (first !== undefined) this.#classes.join(column, nodeOf(result, first))
      return
    }
    if (this.#expressions(expression, scope) === 0) this.#classes.give(column)
  }

  /** Visits the subqueries in expressions. @returns how many columns and subqueries they have */
  #expressions(node: Node, scope: Scope): number {
    if (node === null || typeof node !== 'object') return 0
    if (Array.isArray(node)) return node.reduce((sum, each) => sum + this.#expressions(each, scope), 0)
    if (node.SubLink) {
      this.visit(node.SubLink.subselect, scope)
      return 1 + this.#expressions(node.SubLink.testexpr, scope)
    }
    if (node.ColumnRef) return this.#isGivenColumn(node, scope) ? 0 : 1
    return Object.values(node).reduce((sum: number, each) => sum + this.#expressions(each, scope), 0)
  }

  #isGivenColumn(node: Node, scope: Scope): boolean {
    const column = this.#column(node, scope)
    return column !== undefined && this.#classes.isGiven(column)
  }

  #result(targets: Node[], scope: Scope): Relation {
    const columns = new Set<string>()
    const result = this.#relation('', undefined, columns)
    for (const [index, { ResTarget: target }] of targets.entries()) {
      const fields = target.val?.ColumnRef?.fields
      if (fields?.at(-1)?.A_Star) {
        for (const relation of scope.relations)
          if (fields.length === 1 || relation.name === fields[0].String.sval)
            for (const column of relation.columns ?? []) {
              columns.add(column)
              this.#classes.join(nodeOf(result, column), nodeOf(relation, column))
            }
        continue
      }
      const name = target.name ?? fields?.at(-1)?.String.sval ?? `column${index + 1}`
      columns.add(name)
      this.#equal(nodeOf(result, name), target.val, scope)
    }
    return result
  }

  /** Resolves a reference to a column, through casts. */
  #column(node: Node, scope: Scope): string | undefined {
    if (node?.TypeCast) return this.#column(node.TypeCast.arg, scope)
    const fields = node?.ColumnRef?.fields?.map((field: Node) => field.String?.sval)
    if (!fields) return undefined
    const column = fields.at(-1)
    const name = fields.length > 1 ? fields.at(-2) : undefined
    for (let current: Scope | undefined = scope; current; current = current.outer) {
      const relation =
        current.relations.find((each) =>
          name === undefined ? (each.columns?.has(column) ?? each.name === column) : each.name === name,
        ) ?? (name === undefined ? current.relations.find(({ columns }) => columns === undefined) : undefined)
      if (relation) return this.#nodeOf(relation, column)
    }
    return undefined
  }

  #nodeOf(relation: Relation, column: string): string {
    const node = nodeOf(relation, column)
    // Rows of a function are computed from what the statement was given.
    if (relation.columns === undefined && relation.table === undefined) this.#classes.give(node)
    return node
  }

  #table({ relname, alias }: Node, scope: Scope): Relation {
    const name = alias?.aliasname ?? relname
    for (let current: Scope | undefined = scope; current; current = current.outer) {
      const cte = current.ctes.get(relname)
      if (cte) return { ...cte, name }
    }
    const relation = this.#relation(name, relname, columnsOf(relname))
    if (distributionColumn(relname)) this.#distributed.push(relation)
    if (isLocal(relname)) this.#locals.add(relname)
    return relation
  }

  #renamed(result: Relation, names: string[]): Relation {
    const renamed = this.#relation(result.name, undefined, new Set(names))
    for (const [index, column] of [...(result.columns ?? [])].entries())
      if (names[index] !== undefined) this.#classes.join(nodeOf(renamed, names[index]), nodeOf(result, column))
    return renamed
  }

  #computed(name: string, columns: string[]): Relation {
    const relation = this.#relation(name, undefined, columns.length > 0 ? new Set(columns) : undefined)
    for (const column of columns) this.#classes.give(nodeOf(relation, column))
    return relation
  }

  #relation(name: string, table: string | undefined, columns: ReadonlySet<string> | undefined): Relation {
    return { id: this.#count++, name, table, columns }
  }
}

/** Tells whether a statement needs several shards, or a shard and the coordinator, or cannot say which shard. */
export const crosses = ({ unbound, joinsShards, locals }: Verdict): boolean =>
  unbound.length > 0 || joinsShards || locals.length > 0

/** The parser of Postgres 18 has the list in a clause of its own. */
const returned = (body: Node): Node[] => body.returningClause?.exprs ?? body.returningList ?? []
