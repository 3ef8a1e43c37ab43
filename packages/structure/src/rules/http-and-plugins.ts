import { isTestFile, type Place, placeOf } from '../place.ts'
import type { Rule } from '../violation.ts'

const helperAreas: readonly Place['area'][] = ['http', 'sql', 'plugins']

/** Refuses modules in the API's http/, sql/ and plugins/, and plugins in http/ and sql/. Types of deps.ts are free. */
export const httpAndPlugins: Rule = ({ imports }) =>
  imports.flatMap(({ from, to, isTypeOnly }) => {
    const importer = placeOf(from)
    const imported = to && placeOf(to)
    if (!importer || !imported || isTestFile(from) || !helperAreas.includes(importer.area)) return []
    const wrong = reason(importer.area, imported, isTypeOnly)
    if (!wrong) return []
    return [
      {
        rule: 'http and plugins',
        file: from,
        message: `${from} imports ${isTypeOnly ? 'a type of ' : ''}${to}. ${wrong}`,
      },
    ]
  })

function reason(importer: Place['area'], imported: Place, isTypeOnly: boolean): string | undefined {
  switch (imported.area) {
    case 'http':
    case 'sql':
      return
    case 'plugins':
      return importer === 'plugins'
        ? undefined
        : `${importer}/ knows no plugin: move the helper that both use to ${importer}/.`
    case 'root':
      return isTypeOnly
        ? undefined
        : `${importer}/ takes only types from the composition root: use "import type", or take the value as an option.`
    case 'module':
    case 'realtime':
    case 'cli':
      return `${importer}/ knows no module: take what it needs as an option where app.ts registers it, or move the file into the module.`
  }
}
