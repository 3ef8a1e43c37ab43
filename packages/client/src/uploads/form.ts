import type { FileInput, FilesInput } from '../http/call-types.ts'

/** Builds the multipart form of an upload. */
export function formOf(field: string, files: FilesInput): FormData {
  const form = new FormData()
  for (const file of [files].flat() as FileInput[]) form.append(field, ...partOf(file))
  return form
}

function partOf(file: FileInput): [Blob, string] {
  if (file instanceof Blob) return [file, file.name]
  const { name, data } = file
  return [data instanceof Blob ? data : new Blob([data]), name]
}

/** Returns the bytes of the files, without what multipart adds to them. */
export const sizeOf = (form: FormData): number =>
  [...form.values()].reduce((bytes, part) => bytes + (part instanceof Blob ? part.size : 0), 0)
