import { extname } from 'node:path'
import { shortened } from './shortened.ts'

/**
 * Characters that a file name must not have: control characters, separators of lines, and those that change the direction of writing,
 * because a dialog would show `\u202Egpj.exe` as `exe.jpg`. Joiners, variation selectors and tags stay: words and emoji need them.
 */
export const unsafeInNames = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/gu

const maxLength = 255
/** A longer text after a dot is no extension, but part of a sentence. */
const maxExtensionLength = 20

/** Splits a name before its extension, which begins with its last dot: also `.txt` is an extension alone. */
export function splitExtension(name: string): { stem: string; extension: string } {
  const extension = extname(`_${name}`)
  return extension.length > maxExtensionLength
    ? { stem: name, extension: '' }
    : { stem: name.slice(0, name.length - extension.length), extension }
}

/**
 * Converts the name of an uploaded file to one that is safe to store and show: in NFC, without folders, without {@link unsafeInNames},
 * without dots and blanks around it, and of at most 255 characters, of which the extension is kept. A name that has only an
 * extension gets the stem `file`.
 * @returns an empty text when nothing remains
 */
export function safeFilename(name: string): string {
  const base = name.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const clean = base.replace(unsafeInNames, '').replace(/[.\s]+$/u, '')
  if (clean === '') return ''
  const { stem, extension } = splitExtension(clean)
  const room = maxLength - [...extension].length
  return `${shortened(stem.replace(/^[.\s]+/u, ''), room) || 'file'}${extension}`
}
