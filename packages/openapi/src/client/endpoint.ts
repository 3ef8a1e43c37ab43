import { componentOf, type Document, type Operation, type Response, resolve, type Schema } from './document.ts'
import { methodNames } from './method-names.ts'

/** How the client reads the answer of an operation. */
export type AnswerKind = 'data' | 'message' | 'page' | 'whole' | 'file' | 'text' | 'url'

/** One method of the client. */
export type Endpoint = {
  operation: Operation
  group: string
  name: string
  method: string
  path: string
  answer: AnswerKind
  /** The property of the data that the method returns, or that has the items of a page. */
  pick?: string
  /** The type of what the method returns, or of an item of a page. */
  returns: string
  pathParameters: string[]
  hasQuery: boolean
  body?: { type: string; isRequired: boolean }
  upload?: { field: string; isList: boolean }
  takesIdempotencyKey: boolean
  takesIfMatch: boolean
}

/** Describes the client's method for an operation. @throws Error when `method-names.ts` does not fit the document */
export function endpointOf(document: Document, path: string, method: string, operation: Operation): Endpoint {
  const { operationId, parameters = [] } = operation
  const [, group, name, pick] = /^(\w+)\.(\w+)(?: → (\w+))?$/.exec(methodNames[operationId] ?? '') ?? []
  if (!group || !name)
    throw new Error(`${operationId} has no method: name it in packages/openapi/src/client/method-names.ts.`)
  const names = (place: string) => parameters.filter((one) => one.in === place).map((one) => one.name)
  const headers = names('header').map((header) => header.toLowerCase())
  return {
    ...{ operation, group, name, method, path },
    ...answerOf(document, operation, pick),
    ...bodyOf(document, operation),
    pathParameters: names('path'),
    hasQuery: names('query').length > 0,
    takesIdempotencyKey: headers.includes('idempotency-key'),
    takesIfMatch: headers.includes('if-match'),
  }
}

function answerOf(document: Document, { operationId, responses }: Operation, pick: string | undefined) {
  const wrong = (fault: string) => new Error(`The answer of ${operationId} ${fault}: see method-names.ts.`)
  const response = successOf(responses)
  const type = Object.keys(response?.content ?? {})
  if (!response || type.length === 0) return { answer: 'url', returns: 'string' } as const
  if (!type.includes('application/json'))
    return type.includes('text/html')
      ? ({ answer: 'text', returns: 'string' } as const)
      : ({ answer: 'file', returns: 'Response' } as const)
  const { properties = {} } = resolve(document, response.content?.['application/json']?.schema ?? {})
  if (!properties.success) return { answer: 'whole', returns: `Whole<'${operationId}'>` } as const
  if (!properties.data) return { answer: 'message', returns: 'string' } as const
  const data = resolve(document, properties.data)
  const answer = properties.pagination ? 'page' : 'data'
  if (pick === undefined) {
    const only = Object.keys(data.properties ?? {})
    if (only.length === 1 || answer === 'page') throw wrong(`needs "→ ${only[0]}"`)
    return { answer, returns: componentOf(properties.data) ?? `Data<'${operationId}'>` } as const
  }
  const picked = data.properties?.[pick]
  if (!picked) throw wrong(`has no ${pick}`)
  const indexed = `Data<'${operationId}'>['${pick}']`
  if (answer === 'page')
    return { answer, pick, returns: componentOf(picked.items ?? {}) ?? `${indexed}[number]` } as const
  return { answer, pick, returns: nameOf(picked) ?? indexed } as const
}

/** Returns the readable type of a schema, if it has one. */
function nameOf(schema: Schema): string | undefined {
  const item = schema.type === 'array' && schema.items ? nameOf(schema.items) : undefined
  if (item) return `${item}[]`
  if (schema.type === 'string') return 'string'
  if (schema.type === 'integer') return 'number'
  return componentOf(schema)
}

function bodyOf(document: Document, { operationId, requestBody }: Operation): Pick<Endpoint, 'body' | 'upload'> {
  if (!requestBody) return {}
  const form = requestBody.content['multipart/form-data']?.schema
  if (form) {
    const [[field, schema] = []] = Object.entries(resolve(document, form).properties ?? {})
    if (!field || !schema) throw new Error(`The form of ${operationId} has no field.`)
    return { upload: { field, isList: schema.type === 'array' } }
  }
  const json = requestBody.content['application/json']?.schema
  if (!json) throw new Error(`The body of ${operationId} is neither JSON nor a form.`)
  return { body: { type: componentOf(json) ?? `Body<'${operationId}'>`, isRequired: requestBody.required === true } }
}

const successOf = (responses: Operation['responses']): Response | undefined =>
  Object.entries(responses).find(([status]) => /^2/.test(status))?.[1]
