import { isTestFile } from '../place.ts'
import type { Rule } from '../violation.ts'

const pages = 'apps/web/src/'

/**
 * The folders of the pages, low to high. A file imports from its own folder and from lower ones; `ui` and `lib` are one row, since an
 * error is shown by the one and read by the other.
 */
const rows: Record<string, number> = { ui: 0, lib: 0, features: 1, routes: 2 }

const rowOf = (file: string) => rows[file.slice(pages.length).split('/')[0] ?? '']

/** Refuses imports of a higher folder of the pages: the kit and the library know no feature, and no feature knows a route. */
export const pageLayers: Rule = ({ imports }) =>
  imports.flatMap(({ from, to }) => {
    if (!from.startsWith(pages) || !to?.startsWith(pages) || isTestFile(from)) return []
    const [importer, imported] = [rowOf(from), rowOf(to)]
    if (importer === undefined || imported === undefined || imported <= importer) return []
    return [
      {
        rule: 'page layers',
        file: from,
        message: `${from} imports ${to}. In ${pages}, routes import features, and features import ui and lib, never the other way: take what is needed as a property, or move it down.`,
      },
    ]
  })
