import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

const maxFileBytes = 1024 * 1024

/** Reads a text that a variable names, without line ends behind it. @throws Error that names the path and never the content */
export function readTextFile(path: string): string {
  let content: Buffer
  try {
    content = readBytes(path)
  } catch (error) {
    throw new Error(
      `names ${shown(path)}, which ${reasons[(error as NodeJS.ErrnoException).code ?? ''] ?? 'cannot be read'}`,
    )
  }
  if (content.length > maxFileBytes) throw new Error(`names ${shown(path)}, which is longer than 1 MiB`)
  const text = decode(content)?.replace(/[\r\n]+$/, '')
  if (text === undefined || text.includes('\0'))
    throw new Error(`names ${shown(path)}, whose content is not UTF-8 text`)
  if (text === '') throw new Error(`names ${shown(path)}, which is empty`)
  return text
}

/** Returns a path for a message. What is no path may be a secret that was set in the wrong variable. */
const shown = (path: string) => (/^\.{0,2}\//.test(path) ? JSON.stringify(path) : 'a relative path')

const reasons: Record<string, string> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'this process may not read',
  EPERM: 'this process may not read',
  EISDIR: 'is a folder, not a file',
  ELOOP: 'is a symbolic link to itself',
}

/** Reads one byte more than a secret may have at most, also from a pipe, which has no size. */
function readBytes(path: string): Buffer {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    const buffer = Buffer.alloc(maxFileBytes + 1)
    let length = 0
    for (let count = -1; count !== 0 && length < buffer.length; length += count)
      count = readSync(file, buffer, length, buffer.length - length, null)
    return buffer.subarray(0, length)
  } finally {
    closeSync(file)
  }
}

/** Decodes UTF-8, without a byte order mark; undefined for other bytes. */
function decode(content: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content)
  } catch {
    return undefined
  }
}
