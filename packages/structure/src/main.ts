import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkStructure } from './check-structure.ts'
import { isKnown, readKnown, writeKnown } from './known.ts'
import { printedLayers } from './layers.ts'
import type { Violation } from './violation.ts'

/**
 * Checks who imports whom, prints the layers and fails on a violation that is not known.
 * `--list [part of a path]` prints all of them by rule and file; `--write-known` accepts those of today.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    root: { type: 'string', default: join(import.meta.dirname, '../../..') },
    list: { type: 'boolean', default: false },
    'write-known': { type: 'boolean', default: false },
  },
})
const { violations, members, files } = await checkStructure(resolve(options.root))

if (options['write-known']) await writeKnown(violations)
if (options.list) printGrouped(violations.filter(({ message }) => message.includes(positionals[0] ?? '')))
else await report()

async function report(): Promise<void> {
  const known = await readKnown()
  const fresh = violations.filter((violation) => !isKnown(known, violation))
  const cycles = violations.filter(({ rule }) => rule === 'cycles').length
  console.log(`Module layers of the API, low to high:\n${printedLayers()}`)
  console.log(`${cycles} cycles in ${files} files of ${members} packages and apps.`)
  if (violations.length > fresh.length)
    console.log(`${violations.length - fresh.length} known violations (npm run structure lists them).`)
  if (fresh.length === 0) return
  printGrouped(fresh)
  process.exitCode = 1
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
