import { isTestFile } from '../place.ts'
import type { Rule } from '../violation.ts'
import { memberOf } from '../workspace.ts'

/** Packages that only tests, benchmarks and developers run. */
const tools = [
  '@muster/testing',
  '@muster/devkit',
  '@muster/bench',
  '@muster/chaos',
  '@muster/sharding',
  '@muster/structure',
]

/** Refuses test support in production code: only tests and the developers' tools import `testing/` folders. */
export const testSupport: Rule = ({ workspace, imports }) =>
  imports.flatMap(({ from, to }) => {
    const importer = memberOf(workspace, from)?.name ?? ''
    if (!to || isTestFile(from) || tools.includes(importer)) return []
    if (!isTestFile(to) && memberOf(workspace, to)?.name !== '@muster/testing') return []
    return [
      {
        rule: 'test support',
        file: from,
        message: `${from} imports ${to}, which only tests may use. Move the importing file into a testing/ folder, or what it needs out of it.`,
      },
    ]
  })
