import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { readTextFile } from './read-text-file.ts'

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Parses the path of a file with certificates in PEM, such as those of a private authority. The value is the text of the file. */
export const certificates = () =>
  z.string().transform((path, ctx) => {
    try {
      const text = readTextFile(path)
      if (!hasCertificates(text)) ctx.addIssue('names a file without a valid certificate in PEM (BEGIN CERTIFICATE)')
      return text
    } catch (error) {
      ctx.addIssue((error as Error).message)
      return ''
    }
  })

function hasCertificates(text: string): boolean {
  try {
    const certificates = (text.match(pemBlock) ?? []).map((block) => new X509Certificate(block))
    return certificates.length > 0
  } catch {
    return false
  }
}
