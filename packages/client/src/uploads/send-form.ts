import type { UploadProgress } from '../http/call-types.ts'
import type { Form } from './form.ts'

/** The part of XMLHttpRequest that is used; Node has none. */
type Xhr = {
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  send(body: Blob): void
  abort(): void
  getAllResponseHeaders(): string
  withCredentials: boolean
  responseText: string
  status: number
  statusText: string
  upload: { onprogress: ((event: { loaded: number; total: number }) => void) | null }
  onload: (() => void) | null
  onerror: (() => void) | null
}
type Report = (progress: UploadProgress) => void
type Fetch = (request: Request) => Promise<Response>

/**
 * Returns the function that sends a request with this form, and reports its progress: in browsers by XMLHttpRequest, since their `fetch`
 * cannot tell, elsewhere by counting what `fetch` takes of the body.
 */
export function formSender(form: Form, fetch: Fetch, report: Report | undefined): Fetch {
  const { XMLHttpRequest } = globalThis as unknown as { XMLHttpRequest?: new () => Xhr }
  return (request) => {
    const headers = new Headers(request.headers)
    headers.set('content-type', form.contentType)
    if (!report) return fetch(new Request(request, { headers, body: form.body }))
    report({ sentBytes: 0, totalBytes: form.fileBytes })
    if (XMLHttpRequest) return sendByXhr(new XMLHttpRequest(), request, headers, form, report)
    const init = { headers, body: counted(form, report), duplex: 'half' }
    return fetch(new Request(request, init as RequestInit))
  }
}

function sendByXhr(xhr: Xhr, request: Request, headers: Headers, form: Form, report: Report): Promise<Response> {
  const { method, url, signal } = request
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    xhr.open(method, url)
    xhr.withCredentials = true
    headers.forEach((value, name) => {
      xhr.setRequestHeader(name, value)
    })
    xhr.upload.onprogress = ({ loaded }) => report(progressOf(loaded, form))
    xhr.onload = () => resolve(responseOf(xhr))
    xhr.onerror = () => reject(new TypeError('The upload was interrupted.'))
    signal.addEventListener('abort', () => {
      xhr.abort()
      reject(signal.reason)
    })
    xhr.send(form.body)
  })
}

function responseOf(xhr: Xhr): Response {
  const { status, statusText, responseText } = xhr
  const headers = new Headers()
  for (const line of xhr.getAllResponseHeaders().trim().split(/\r?\n/)) {
    const at = line.indexOf(':')
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim())
  }
  return new Response(responseText === '' ? null : responseText, { status, statusText, headers })
}

function counted(form: Form, report: Report): ReadableStream<Uint8Array> {
  let sentBytes = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      sentBytes += chunk.byteLength
      report(progressOf(sentBytes, form))
    },
  })
  return form.body.stream().pipeThrough(counter)
}

/** Leaves out what multipart adds to the files. */
const progressOf = (bytes: number, { body, fileBytes }: Form): UploadProgress => ({
  sentBytes: bytes >= body.size ? fileBytes : Math.min(bytes, fileBytes),
  totalBytes: fileBytes,
})
