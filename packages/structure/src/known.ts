import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Violation } from './violation.ts'

/** Violations that exist today, by rule and by the two parts. The list must only shrink. */
type Known = string[]

const file = join(import.meta.dirname, '../known-violations.json')
const nameOf = ({ rule, between }: Violation) => `${rule}: ${between}`

export async function readKnown(): Promise<Known> {
  return JSON.parse(await readFile(file, 'utf8')) as Known
}

export const isKnown = (known: Known, violation: Violation) => known.includes(nameOf(violation))

export async function writeKnown(violations: readonly Violation[]): Promise<void> {
  const known: Known = [...new Set(violations.map(nameOf))].sort()
  await writeFile(file, `${JSON.stringify(known, null, 2)}\n`)
}
