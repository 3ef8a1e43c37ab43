/** How the answer of an operation is read: `page` is one of a list, `whole` JSON without envelope. */
export type AnswerKind = 'data' | 'message' | 'page' | 'whole' | 'file' | 'text' | 'url'

/** One operation of the API, as the client calls it. */
export type Endpoint = {
  /** The operation's id in the OpenAPI document. */
  id: string
  method: string
  /** The path with its parameters in braces. */
  path: string
  answer: AnswerKind
  /** The property of the data that is the result, or has the items of a page. */
  pick?: string
  params?: string[]
  hasQuery?: boolean
  hasBody?: boolean
  upload?: { field: string; isList: boolean }
  takesIdempotencyKey?: boolean
  takesIfMatch?: boolean
}
