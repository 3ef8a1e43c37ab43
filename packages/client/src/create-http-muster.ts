import { createUserMuster, type HttpMusterOptions, partsOf, setPartsOf, type UserMuster } from './create-user-muster.ts'
import type { Methods } from './generated/methods.gen.ts'
import { endpoints } from './generated/operator-endpoints.gen.ts'
import { createMethods } from './http/methods.ts'

/** The calls of operators. */
type OperatorMethods = Pick<Methods, 'admin'>

/** A client of one Muster, for one user at a time, without a connection: `withRealtime` adds it. */
export interface HttpMuster extends UserMuster, OperatorMethods {}

/**
 * Creates a client without realtime, for programs that only call the API: its code is a third of the whole client's. It sends nothing by itself:
 * begin with `session.restore()` or `session.signIn()`.
 */
export const createHttpMuster = (options: HttpMusterOptions = {}): HttpMuster => withAdmin(createUserMuster(options))

/** Gives a client of `createUserMuster` the calls of operators: a page can load their names when an operator comes. Both share the session. */
export function withAdmin<Client extends UserMuster>(client: Client): Client & OperatorMethods {
  const parts = partsOf(client)
  const whole = { ...client, ...createMethods<OperatorMethods>(endpoints, parts.caller, parts.watch) }
  setPartsOf(whole, parts)
  return whole
}
