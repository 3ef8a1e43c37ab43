import type { Pagination } from '../generated/schemas.gen.ts'
import { formOf } from '../uploads/form.ts'
import { createPendingUpload } from '../uploads/pending-upload.ts'
import type { WatchFile } from '../uploads/wait-until-ready.ts'
import type { FilesInput, UploadedFile } from './call-types.ts'
import { type Call, type Caller, expand } from './caller.ts'
import type { Endpoint } from './endpoint.ts'
import { createPages } from './pages.ts'
import { serializeQuery } from './query.ts'

/** Creates the methods of a table of operations, which `Group` describes. */
export function createMethods<Group>(
  endpoints: Record<string, Record<string, Endpoint>>,
  caller: Caller,
  watch: WatchFile,
): Group {
  const methodOf =
    (endpoint: Endpoint) =>
    (...given: unknown[]) =>
      invoke(caller, watch, endpoint, given)
  const groups = Object.entries(endpoints).map(([group, members]) => [
    group,
    Object.fromEntries(Object.entries(members).map(([name, endpoint]) => [name, methodOf(endpoint)])),
  ])
  return Object.fromEntries(groups) as Group
}

function invoke(caller: Caller, watch: WatchFile, endpoint: Endpoint, given: unknown[]): unknown {
  const call = callOf(endpoint, given)
  if (endpoint.answer === 'url') return urlOf(caller, endpoint, call)
  if (endpoint.answer === 'page')
    return createPages(
      async (query) => {
        const { result, pagination } = await caller.call(endpoint, { ...call, query })
        return { items: result as unknown[], pagination: pagination as Pagination }
      },
      { ...call.query },
    )
  const result = caller.call(endpoint, call).then((answer) => answer.result)
  const file = fileOf[endpoint.id]
  if (!file) return result
  const read = async (fileId: string, signal: AbortSignal) => {
    const answer = await caller.call(file, { params: { ...call.params, fileId }, options: { signal } })
    return answer.result as UploadedFile
  }
  return createPendingUpload(result as Promise<UploadedFile[]>, read, watch)
}

/** By operation that uploads files: what reads one of them. */
const fileOf: Record<string, Endpoint> = {
  uploadAttachments: readFile('/api/v1/attachments/{fileId}'),
  uploadChatMedia: readFile('/api/v1/chats/{id}/media/{fileId}'),
}
function readFile(path: string): Endpoint {
  return { id: 'readFile', method: 'GET', path, answer: 'data', pick: 'attachment' }
}

/** Assigns the arguments: parameters of the path, files or body, query, options. */
function callOf({ params = [], upload, hasBody, hasQuery }: Endpoint, given: unknown[]): Call {
  const rest = [...given]
  const path = Object.fromEntries(params.map((name) => [name, String(rest.shift())]))
  const form = upload && formOf(upload.field, rest.shift() as FilesInput)
  const body = hasBody ? rest.shift() : undefined
  const query = hasQuery ? (rest.shift() as object | undefined) : undefined
  return { params: path, body, form, query, options: rest.shift() as Call['options'] }
}

function urlOf({ baseUrl }: Caller, { path }: Endpoint, { params, query }: Call): string {
  const search = serializeQuery({ ...query })
  return `${baseUrl}${expand(path, params)}${search && `?${search}`}`
}
