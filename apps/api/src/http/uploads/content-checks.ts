import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { findMachineFault } from '@muster/telemetry'
import { fileTypeFromTokenizer } from 'file-type'
import { fromFile } from 'strtok3'
import { topStreamsOf } from './compound-file.ts'

const detectionTimeoutMs = 5_000

/**
 * Detects the type of a file by its content, as a name of `file-type`; undefined for an unknown one, and when detection fails or times out.
 * An old Office document is told by its streams: `doc`, `xls`, `ppt`; a newer one with a password is `protected`.
 */
export async function signatureOf(path: string): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(detectionTimeoutMs)
    // `fileTypeFromFile` would load strtok3 under a name that only exists at run time, which no bundle contains.
    const type = await fileTypeFromTokenizer(await fromFile(path, { abortSignal: signal }), { signal })
    return type?.ext === 'cfb' ? await typeOfCompound(path) : type?.ext
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

/** The kinds of compound files, by a stream that each program writes: old Office documents, and protected newer ones (MS-OFFCRYPTO 2.3). */
const typesByStream: Record<string, string> = {
  worddocument: 'doc',
  workbook: 'xls',
  book: 'xls',
  'powerpoint document': 'ppt',
  encryptedpackage: 'protected',
}

async function typeOfCompound(path: string): Promise<string> {
  const streams = await topStreamsOf(path)
  const found = Object.keys(typesByStream).find((name) => streams.has(name))
  return (found && typesByStream[found]) ?? 'cfb'
}
