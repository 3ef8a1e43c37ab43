import { expect, test } from 'vitest'
import settings from '../project.inlang/settings.json' with { type: 'json' }

const modules = import.meta.glob<Record<string, unknown>>('../messages/*/*.json', { eager: true, import: 'default' })
/** The texts by language and file. */
const texts = { en: new Map<string, Record<string, unknown>>(), hi: new Map<string, Record<string, unknown>>() }
for (const [path, content] of Object.entries(modules)) {
  const [language, file] = path.split('/').slice(-2) as ['en' | 'hi', string]
  texts[language].set(file, content)
}

/** The names in braces of a text or of its variants, each once. */
const placeholdersOf = (text: unknown) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort()

test('both languages have the same texts, with the same values in them', () => {
  expect([...texts.hi.keys()]).toEqual([...texts.en.keys()])
  for (const [file, english] of texts.en) {
    const hindi = texts.hi.get(file) ?? {}
    expect(Object.keys(hindi).sort(), file).toEqual(Object.keys(english).sort())
    for (const [key, text] of Object.entries(english))
      expect(placeholdersOf(hindi[key]), key).toEqual(placeholdersOf(text))
  }
})

test('every file of texts is compiled', () => {
  const { pathPattern } = settings['plugin.inlang.messageFormat']
  expect([...pathPattern].sort()).toEqual([...texts.en.keys()].map((file) => `./messages/{locale}/${file}`).sort())
})
