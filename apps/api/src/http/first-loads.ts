import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The user of a page, as the access token says. */
export type Viewer = 'user' | 'operator'

/** The first parts and reads of pages, by their addresses, in which `$name` stands for a value. The build writes it beside `index.html`. */
type FirstLoads = Record<string, { parts: string[]; reads: string[] }>

const fileName = 'first-loads.json'

/** The addresses of the pages for operators. */
const isOfOperators = (path: string) => path === '/ops' || path.startsWith('/ops/')

/**
 * Creates a function that returns the header `Link` (RFC 8288) of a page for a signed-in user: the browser loads what it names, parts of the pages and
 * answers of the API, beside the first file instead of after it.
 */
export function createFirstLoads(root: string): (url: string, viewer: Viewer) => Promise<string> {
  const file = join(root, fileName)
  let known: { writtenMs: number; loads: FirstLoads } | undefined
  const read = async (): Promise<FirstLoads> => {
    // Without the file, or with one that is cut off, pages find all that they need by themselves.
    const writtenMs = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0
    if (known?.writtenMs !== writtenMs) {
      const loads = await readFile(file, 'utf8')
        .then<FirstLoads>(JSON.parse)
        .catch(() => ({}))
      known = { writtenMs, loads }
    }
    return known.loads
  }
  return async (url, viewer) => {
    const [address = '', query] = url.split('?', 2)
    const path = address.replace(/(.)\/$/, '$1')
    const found = isOfOperators(path) && viewer !== 'operator' ? undefined : find(await read(), path)
    return [
      // The style sheet and the frame of the page come first.
      ...(found?.parts ?? []).map((part) => `</${part}>; rel=modulepreload; fetchpriority=low`),
      // A query changes what a page reads.
      ...['api/v1/auth/session', ...(query ? [] : (found?.reads ?? []))].map(
        (one) => `</${one}>; rel=preload; as=fetch; crossorigin=use-credentials`,
      ),
    ].join(', ')
  }
}

/** Finds the loads of the page with this path, with the values of its names. */
function find(loads: FirstLoads, path: string): FirstLoads[string] | undefined {
  const own = loads[path]
  if (own) return own
  const values = path.split('/')
  for (const [pattern, { parts, reads }] of Object.entries(loads)) {
    const names = pattern.split('/')
    const fits =
      names.length === values.length &&
      names.every((name, index) => name === values[index] || (name.startsWith('$') && isPlain(values[index])))
    if (fits)
      return { parts, reads: reads.map((read) => read.replace(/\$\w+/g, (name) => values[names.indexOf(name)] ?? '')) }
  }
  return undefined
}

/** Ids and names; anything else could mean something in the header. */
const isPlain = (value = '') => /^[\w-]+$/.test(value)
