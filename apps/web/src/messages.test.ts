import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../messages')
const files = readdirSync(join(folder, 'en'))
const read = (language: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, language, file), 'utf8'))

/** The names in braces of a text or of its variants, each once. */
const placeholdersOf = (text: unknown) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort()

test('both languages have the same texts, with the same values in them', () => {
  expect(readdirSync(join(folder, 'hi'))).toEqual(files)
  for (const file of files) {
    const [english, hindi] = [read('en', file), read('hi', file)]
    expect(Object.keys(hindi).sort(), file).toEqual(Object.keys(english).sort())
    for (const [key, text] of Object.entries(english))
      expect(placeholdersOf(hindi[key]), key).toEqual(placeholdersOf(text))
  }
})

test('every file of texts is compiled', () => {
  const { 'plugin.inlang.messageFormat': format } = JSON.parse(
    readFileSync(join(folder, '../project.inlang/settings.json'), 'utf8'),
  )
  expect([...format.pathPattern].sort()).toEqual(files.map((file) => `./messages/{locale}/${file}`).sort())
})
