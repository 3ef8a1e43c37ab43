import { createReadStream } from 'node:fs'
import { extname } from 'node:path'
import { lowerCaseAscii } from '@muster/identifiers'
import { findMachineFault } from '@muster/telemetry'
import { fileTypeFromFile } from 'file-type'

export type FileKind = 'image' | 'document'
export type AcceptedType = { kind: FileKind; contentType: string }

type Rule = AcceptedType & { signatures: readonly string[] }

const image = (contentType: string, ...signatures: string[]): Rule => ({ kind: 'image', contentType, signatures })
const document = (contentType: string, ...signatures: string[]): Rule => ({ kind: 'document', contentType, signatures })
const openXml = (name: string) => `application/vnd.openxmlformats-officedocument.${name}`

/** Accepted files by extension, with their signatures (names of `file-type`). SVG is missing because it can contain scripts. */
const rules: Record<string, Rule> = {
  '.jpg': image('image/jpeg', 'jpg'),
  '.jpeg': image('image/jpeg', 'jpg'),
  '.png': image('image/png', 'png', 'apng'),
  '.gif': image('image/gif', 'gif'),
  '.webp': image('image/webp', 'webp'),
  '.pdf': document('application/pdf', 'pdf'),
  // Plain text has no signature; its content is checked instead.
  '.txt': document('text/plain; charset=utf-8'),
  // The old Office formats share one container format.
  '.doc': document('application/msword', 'cfb'),
  '.xls': document('application/vnd.ms-excel', 'cfb'),
  '.ppt': document('application/vnd.ms-powerpoint', 'cfb'),
  '.docx': document(openXml('wordprocessingml.document'), 'docx'),
  '.xlsx': document(openXml('spreadsheetml.sheet'), 'xlsx'),
  '.pptx': document(openXml('presentationml.presentation'), 'pptx'),
}

/** Returns the accepted extensions of these kinds. */
export const extensionsOf = (kinds: readonly FileKind[]): string[] =>
  Object.keys(rules).filter((extension) => kinds.includes(rules[extension]?.kind as FileKind))

/** Returns whether a file with this name must contain plain text. */
export const isTextName = (filename: string): boolean =>
  rules[lowerCaseAscii(extname(filename))]?.signatures.length === 0

const detectionTimeoutMs = 5_000

/** Detects the type of a file by its name and content; undefined when they disagree or the type is not accepted. */
export async function acceptedType(
  filename: string,
  path: string,
  kinds: readonly FileKind[],
): Promise<AcceptedType | undefined> {
  const rule = rules[lowerCaseAscii(extname(filename))]
  if (!rule || !kinds.includes(rule.kind)) return undefined
  const isFitting =
    rule.signatures.length > 0 ? rule.signatures.includes((await signatureOf(path)) ?? '') : await isPlainText(path)
  return isFitting ? { kind: rule.kind, contentType: rule.contentType } : undefined
}

/** Returns the signature that the file's content has; undefined for an unknown one, and when detection fails or times out. */
async function signatureOf(path: string): Promise<string | undefined> {
  try {
    return (await fileTypeFromFile(path, { signal: AbortSignal.timeout(detectionTimeoutMs) }))?.ext
  } catch (error) {
    // The machine failed (no free file handles, for example), which says nothing about the file.
    if (findMachineFault(error)) throw error
    return undefined
  }
}

/** Returns whether the content is valid UTF-8 (RFC 3629) without NUL. */
async function isPlainText(path: string): Promise<boolean> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const chunk of createReadStream(path)) {
      if (chunk.includes(0)) return false
      decoder.decode(chunk, { stream: true })
    }
    decoder.decode()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
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
