import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { findMachineFault } from '@muster/telemetry'
import { fileTypeFromFile } from 'file-type'

const detectionTimeoutMs = 5_000

/** Detects the type of a file by its signature, as a name of `file-type`; undefined for an unknown one, and when detection fails or times out. */
export async function signatureOf(path: string): Promise<string | undefined> {
  try {
    return (await fileTypeFromFile(path, { signal: AbortSignal.timeout(detectionTimeoutMs) }))?.ext
  } catch (error) {
    // The machine failed (no free file handles, for example), which says nothing about the file.
    if (findMachineFault(error)) throw error
    return undefined
  }
}

/** Returns whether the content is valid UTF-8 (RFC 3629) without NUL. */
export async function isPlainText(path: string): Promise<boolean> {
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

/** Readers look for the header of a PDF in this part of the file (PDF 1.7, appendix H.3, note 13). */
const pdfHeadBytes = 1_024

/** Returns whether a PDF begins in the file, also behind line ends, a byte order mark or the headers of a mail. */
export async function hasPdfHeader(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const head = Buffer.alloc(pdfHeadBytes)
    const { bytesRead } = await file.read(head, 0, pdfHeadBytes, 0)
    return head.subarray(0, bytesRead).includes('%PDF-')
  } finally {
    await file.close()
  }
}

/** In a compound file, the names of streams lie in directory entries of this size, at multiples of it (MS-CFB 2.6). */
const entryBytes = 128
const encryptedPackage = Buffer.from('EncryptedPackage\0', 'utf16le')

/** Returns whether the file is an Office document with a password: a compound file with the encrypted document in a stream (MS-OFFCRYPTO 2.3). */
export async function isProtectedOffice(path: string): Promise<boolean> {
  if ((await signatureOf(path)) !== 'cfb') return false
  for await (const chunk of createReadStream(path, { highWaterMark: 512 * entryBytes })) {
    const bytes = chunk as Buffer
    for (let at = 0; at + encryptedPackage.length <= bytes.length; at += entryBytes) {
      if (bytes.subarray(at, at + encryptedPackage.length).equals(encryptedPackage)) return true
    }
  }
  return false
}
