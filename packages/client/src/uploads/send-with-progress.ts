import type { UploadOptions, UploadProgress } from '../http/call-types.ts'
import { sizeOf } from './form.ts'

/** The part of XMLHttpRequest that is used; Node has none. */
type Xhr = {
  open(method: string, url: string): void
  setRequestHeader(name: string, value: string): void
  send(body: FormData): void
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

/**
 * Sends a form and reports its progress: in browsers by XMLHttpRequest, since their `fetch` cannot tell, elsewhere by counting what
 * `fetch` takes of the body.
 */
export function sendWithProgress(request: Request, form: FormData, { onProgress }: UploadOptions): Promise<Response> {
  const { XMLHttpRequest } = globalThis as unknown as { XMLHttpRequest?: new () => Xhr }
  const report = onProgress ?? (() => undefined)
  report({ sentBytes: 0, totalBytes: sizeOf(form) })
  return XMLHttpRequest ? sendByXhr(new XMLHttpRequest(), request, form, report) : sendByStream(request, form, report)
}

type Report = (progress: UploadProgress) => void

function sendByXhr(xhr: Xhr, request: Request, form: FormData, report: Report): Promise<Response> {
  const { method, url, headers, signal } = request
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    xhr.open(method, url)
    xhr.withCredentials = true
    // The browser writes the boundary of the form itself.
    headers.forEach((value, name) => {
      if (name !== 'content-type') xhr.setRequestHeader(name, value)
    })
    xhr.upload.onprogress = ({ loaded, total }) => report({ sentBytes: loaded, totalBytes: total })
    xhr.onload = () => resolve(responseOf(xhr))
    xhr.onerror = () => reject(new TypeError('The upload was interrupted.'))
    signal.addEventListener('abort', () => {
      xhr.abort()
      reject(signal.reason)
    })
    xhr.send(form)
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

async function sendByStream(request: Request, form: FormData, report: Report): Promise<Response> {
  const totalBytes = sizeOf(form)
  let sentBytes = 0
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk)
      sentBytes += chunk.byteLength
      report({ sentBytes: Math.min(sentBytes, totalBytes), totalBytes })
    },
  })
  const { method, url, headers, signal } = request
  const body = new Response(form)
  const type = body.headers.get('content-type')
  const sent = new Headers(headers)
  if (type) sent.set('content-type', type)
  const init = { method, headers: sent, signal, body: body.body?.pipeThrough(counted), duplex: 'half' }
  return fetch(url, init as RequestInit)
}
