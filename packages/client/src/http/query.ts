/** Writes a query as the API reads it: lists separated by commas, in which `\` escapes a comma of an item. */
export function serializeQuery(query: Record<string, unknown>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue
    parameters.append(name, Array.isArray(value) ? value.map(escapeItem).join(',') : String(value))
  }
  return parameters.toString()
}

const escapeItem = (item: unknown) => String(item).replace(/[\\,]/g, '\\$&')
