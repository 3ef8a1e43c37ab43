/** A field of an event, before and after. `undefined` where the event does not have it. */
export type Change = { field: string; before: string | undefined; after: string | undefined }

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Lists the fields of a value by their paths, such as `filters.status`. */
function fieldsOf(value: unknown, path = ''): [string, string][] {
  if (value === null || value === undefined) return path === '' ? [] : [[path, 'null']]
  if (isRecord(value) && (path === '' || Object.keys(value).length > 0))
    return Object.entries(value).flatMap(([key, inner]) => fieldsOf(inner, path === '' ? key : `${path}.${key}`))
  return [[path === '' ? 'value' : path, typeof value === 'string' ? value : JSON.stringify(value)]]
}

/** Compares what an event has before and after, field by field: in the order of the event, those before first. */
export function changesOf(before: unknown, after: unknown): Change[] {
  const [old, present] = [new Map(fieldsOf(before)), new Map(fieldsOf(after))]
  return [...new Set([...old.keys(), ...present.keys()])].map((field) => ({
    field,
    before: old.get(field),
    after: present.get(field),
  }))
}
