import { type Document, operationsOf } from './document.ts'

/** Components that the client names itself. */
const roots = ['ApiError', 'ErrorCode', 'ErrorDetail', 'ErrorDetailCode', 'ServerEvents', 'ClientEvents']
const dropped = new Set(['example', 'examples', 'security', 'headers'])

/**
 * Removes from a document what the types of the client do not need: answers that are errors, which the client throws, headers,
 * examples, and components that nothing refers to any more.
 */
export function slimDocument(document: Document): Document {
  const slim = structuredClone(document)
  for (const { operation } of operationsOf(slim)) {
    operation.responses = Object.fromEntries(
      Object.entries(operation.responses).filter(([status]) => /^2/.test(status)),
    )
    operation.parameters = operation.parameters?.filter((parameter) => parameter.in !== 'cookie')
  }
  const paths = without(slim.paths)
  const schemas = without(slim.components.schemas)
  const used = reachable(schemas, [...roots, ...referencesOf(paths)])
  return {
    ...slim,
    paths,
    components: { schemas: Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name))) },
  }
}

/** Copies a value without the members {@link dropped}; a property of a schema may have such a name. */
function without<T>(value: T, isNames = false): T {
  if (Array.isArray(value)) return value.map((item) => without(item)) as T
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
    .filter(([name]) => isNames || !dropped.has(name))
    .map(([name, member]) => [name, without(member, !isNames && name === 'properties')])
  return Object.fromEntries(members) as T
}

function reachable(schemas: Record<string, unknown>, names: string[]): Set<string> {
  const found = new Set<string>()
  const pending = [...names]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (found.has(name) || !(name in schemas)) continue
    found.add(name)
    pending.push(...referencesOf(schemas[name]))
  }
  return found
}

const referencesOf = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name)
