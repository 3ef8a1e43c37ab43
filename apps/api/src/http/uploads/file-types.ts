import { extname } from 'node:path'
import { lowerCaseAscii } from '@muster/identifiers'
import { hasPdfHeader, isPlainText, signatureOf } from './content-checks.ts'

export type FileKind = 'image' | 'document'
export type AcceptedType = { kind: FileKind; contentType: string }

type Rule = AcceptedType & {
  /** Names of `file-type`. */
  signatures: readonly string[]
  /** Accepts content without one of the signatures. */
  isAlso?: (path: string) => Promise<boolean>
}

const jpeg: Rule = { kind: 'image', contentType: 'image/jpeg', signatures: ['jpg'] }
const image = (contentType: string, ...signatures: string[]): Rule => ({ kind: 'image', contentType, signatures })
const document = (contentType: string, signatures: string[], isAlso?: Rule['isAlso']): Rule => ({
  kind: 'document',
  contentType,
  signatures,
  ...(isAlso && { isAlso }),
})
const protectedOffice = 'protected'
/** With a password, a document is encrypted as a whole and has another container. */
const openXml = (name: string, signature: string): Rule =>
  document(`application/vnd.openxmlformats-officedocument.${name}`, [signature, protectedOffice])

/** Accepted files by extension. SVG is missing because it can contain scripts. */
const rules: Record<string, Rule> = {
  '.jpg': jpeg,
  '.jpeg': jpeg,
  '.jpe': jpeg,
  '.jfif': jpeg,
  '.pjpeg': jpeg,
  '.pjp': jpeg,
  '.png': image('image/png', 'png', 'apng'),
  '.gif': image('image/gif', 'gif'),
  '.webp': image('image/webp', 'webp'),
  '.pdf': document('application/pdf', ['pdf'], hasPdfHeader),
  // Plain text has no signature; its content is checked instead.
  '.txt': document('text/plain; charset=utf-8', [], isPlainText),
  '.doc': document('application/msword', ['doc']),
  '.xls': document('application/vnd.ms-excel', ['xls']),
  '.ppt': document('application/vnd.ms-powerpoint', ['ppt']),
  '.docx': openXml('wordprocessingml.document', 'docx'),
  '.xlsx': openXml('spreadsheetml.sheet', 'xlsx'),
  '.pptx': openXml('presentationml.presentation', 'pptx'),
}

/** Returns the accepted extensions of these kinds. */
export const extensionsOf = (kinds: readonly FileKind[]): string[] =>
  Object.keys(rules).filter((extension) => kinds.includes(rules[extension]?.kind as FileKind))

/** Returns the content types of the accepted files of these kinds. */
export const contentTypesOf = (kinds: readonly FileKind[]): string[] => [
  ...new Set(extensionsOf(kinds).map((extension) => (rules[extension]?.contentType ?? '').replace(/;.*/, ''))),
]

/** Names a type for people. */
function typeName(type: string): string {
  if (type === protectedOffice) return 'an Office document with a password'
  return type === 'txt' ? 'text' : `of the type ${type.toUpperCase()}`
}

/** Recognizes accepted content without a signature. */
async function unsignedTypeOf(path: string): Promise<'pdf' | 'txt' | undefined> {
  if (await hasPdfHeader(path)) return 'pdf'
  return (await isPlainText(path)) ? 'txt' : undefined
}

/** The type of a file, or why it is not accepted, as a sentence that begins with the file. */
export type TypeVerdict = AcceptedType | { refusal: string }

/** Checks a file by its name and its content, which must agree. */
export async function checkType(filename: string, path: string, kinds: readonly FileKind[]): Promise<TypeVerdict> {
  const label = filename || 'A file without a name'
  const accepted = `Accepted are ${extensionsOf(kinds).join(' ')}.`
  const extension = lowerCaseAscii(extname(filename))
  const rule = rules[extension]
  if (!rule || !kinds.includes(rule.kind)) {
    return { refusal: `${label} ${extension ? 'is not of an accepted type' : 'has no extension'}. ${accepted}` }
  }
  const signature = await signatureOf(path)
  if (rule.signatures.includes(signature ?? '') || (await rule.isAlso?.(path))) {
    return { kind: rule.kind, contentType: rule.contentType }
  }
  if (!signature && rule.signatures.length === 0)
    return { refusal: `${label} is not text in UTF-8. Save it with the encoding UTF-8.` }
  const type = signature ?? (await unsignedTypeOf(path))
  if (!type) return { refusal: `${label} does not contain what its name says, or is damaged. ${accepted}` }
  const fitting = extensionsOf(kinds).filter((each) => each === `.${type}` || rules[each]?.signatures.includes(type))
  const content = `The content of ${label} is ${typeName(type)}`
  if (fitting.length === 0) return { refusal: `${content}, which is not accepted. ${accepted}` }
  return { refusal: `${content}. Its name must end with ${fitting.join(' or ')}.` }
}

const extensionsByType: Record<string, string> = Object.fromEntries(
  Object.entries(rules)
    .reverse()
    .map(([extension, { contentType }]) => [contentType, extension]),
)

/** Returns the name for a download: optimization may have changed an image's type, so its extension may change. */
export function servedFilename(filename: string, contentType: string): string {
  const extension = extname(filename)
  const expected = extensionsByType[contentType]
  if (!expected || rules[lowerCaseAscii(extension)]?.contentType === contentType) return filename
  return `${filename.slice(0, filename.length - extension.length)}${expected}`
}
