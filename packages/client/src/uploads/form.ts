import type { FileInput, FilesInput } from '../http/call-types.ts'

/** A multipart body. As one Blob it has a length, can be sent again, and reads files from disk piece by piece. */
export type Form = { body: Blob; contentType: string; fileBytes: number }

/** Builds the multipart form of an upload (RFC 7578; names escaped as browsers do). */
export function formOf(field: string, files: FilesInput): Form {
  const boundary = `muster-${crypto.randomUUID()}`
  const parts = ([files].flat() as FileInput[]).map(partOf)
  const body = new Blob([
    ...parts.flatMap(({ name, data }) => [
      `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${escapeName(name)}"\r\n`,
      `Content-Type: ${data.type || 'application/octet-stream'}\r\n\r\n`,
      data,
      '\r\n',
    ]),
    `--${boundary}--\r\n`,
  ])
  const fileBytes = parts.reduce((bytes, { data }) => bytes + data.size, 0)
  return { body, contentType: `multipart/form-data; boundary=${boundary}`, fileBytes }
}

function partOf(file: FileInput): { name: string; data: Blob } {
  if (file instanceof Blob) return { name: file.name, data: file }
  const { name, data } = file
  return { name, data: data instanceof Blob ? data : new Blob([data]) }
}

const escapes: Record<string, string> = { '"': '%22', '\r': '%0D', '\n': '%0A' }
const escapeName = (name: string) => name.replace(/["\r\n]/g, (character) => escapes[character] ?? '')
