import type { operations } from '../generated/api.gen.ts'

type Json<Responses> =
  Responses extends Record<number, infer One>
    ? One extends { content: { 'application/json': infer Body } }
      ? Body
      : never
    : never

/** The whole JSON of an operation's success. */
export type Whole<Id extends keyof operations> = Json<operations[Id]['responses']>
/** The data in an operation's success. */
export type Data<Id extends keyof operations> = Whole<Id> extends { data: infer Inner } ? Inner : never
/** The query of an operation. */
export type Query<Id extends keyof operations> = NonNullable<operations[Id]['parameters']['query']>
/** The JSON body of an operation. */
export type Body<Id extends keyof operations> = operations[Id] extends {
  requestBody?: { content: { 'application/json': infer Inner } }
}
  ? Inner
  : never
