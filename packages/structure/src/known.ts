import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Violation } from './violation.ts'

/** Violations that exist today, by rule and by the two parts. The list must only shrink. */
type Known = Record<string, string[]>

const file = join(import.meta.dirname, '../known-violations.json')

export async function readKnown(): Promise<Known> {
  return JSON.parse(await readFile(file, 'utf8')) as Known
}

export function isKnown(known: Known, { rule, between }: Violation): boolean {
  return known[rule]?.includes(between) ?? false
}

export async function writeKnown(violations: readonly Violation[]): Promise<void> {
  const known: Known = {}
  for (const { rule, between } of violations) known[rule] = [...new Set([...(known[rule] ?? []), between])].sort()
  await writeFile(file, `${JSON.stringify(known, null, 2)}\n`)
}
