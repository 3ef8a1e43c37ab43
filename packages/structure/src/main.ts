import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkStructure } from './check-structure.ts'
import { printedLayers } from './layers.ts'
import type { Violation } from './violation.ts'

/**
 * Checks which file imports which, prints the layers and the number of cycles, and fails on a violation.
 * `--list [part of a path]` prints the violations by rule and file, without failing.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string', default: join(import.meta.dirname, '../../..') },
    list: { type: 'boolean', default: false },
  },
})
const { violations, members, files } = await checkStructure(resolve(options.root))

if (options.list) {
  printGrouped(violations.filter(({ message }) => message.includes(positionals[0] ?? '')))
} else {
  const cycles = violations.filter(({ rule }) => rule === 'cycles').length
  console.log(`Module layers of the API, low to high:\n${printedLayers()}`)
  console.log(`${cycles} cycles in ${files} files of ${members} packages and apps.`)
  if (violations.length > 0) {
    printGrouped(violations)
    process.exitCode = 1
  }
}

function printGrouped(list: readonly Violation[]): void {
  for (const [rule, ofRule = []] of Object.entries(Object.groupBy(list, (violation) => violation.rule))) {
    console.log(`\n${rule}: ${ofRule.length}`)
    for (const [file, ofFile = []] of Object.entries(Object.groupBy(ofRule, (violation) => violation.file)).sort()) {
      console.log(`  ${file}`)
      for (const { message } of ofFile) console.log(`    ${message.replace(`${file} imports`, 'imports')}`)
    }
  }
  console.log(`\n${list.length} violations of the structure`)
}
