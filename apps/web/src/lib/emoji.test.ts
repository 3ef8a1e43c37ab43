import { expect, test } from 'vitest'
import { isEmoji, isOnlyEmoji } from './emoji.ts'
import { graphemesOf } from './graphemes.ts'

test('only one emoji is a reaction', () => {
  expect(['👍', '👨‍👩‍👧', '🇮🇳', '❤️', '1️⃣'].filter((text) => !isEmoji(text))).toEqual([])
  expect(['', 'a', 'क', '👍👍', '👍 ok', 'ok'].filter(isEmoji)).toEqual([])
})

test('up to three emoji alone are shown large', () => {
  expect(['🎉', '👍🏽 🎉', '🇮🇳👨‍👩‍👧❤️'].filter((text) => !isOnlyEmoji(text))).toEqual([])
  expect(['', 'yes', 'yes 👍', 'हाँ', '👍👍👍👍', '12'].filter(isOnlyEmoji)).toEqual([])
})

test('a text is split where readers see one character end', () => {
  expect(graphemesOf('Ann')).toEqual(['A', 'n', 'n'])
  expect(graphemesOf('é👨‍👩‍👧क्षि')).toEqual(['é', '👨‍👩‍👧', 'क्षि'])
})
