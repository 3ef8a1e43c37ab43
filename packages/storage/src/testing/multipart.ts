import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** Parses a multipart body (RFC 7578) of the SDK: plain fields and one file. @throws Error when it is truncated */
export async function partsOf(request: IncomingMessage): Promise<{ fields: Record<string, string>; file?: Buffer }> {
  const boundary = /boundary=(\S+)/.exec(request.headers['content-type'] ?? '')?.[1]
  const body = await buffer(request)
  const fields: Record<string, string> = {}
  let file: Buffer | undefined
  const mark = `--${boundary}`
  let at = body.indexOf(mark)
  for (let next = body.indexOf(mark, at + 1); next >= 0; at = next, next = body.indexOf(mark, at + 1)) {
    const headEnd = body.indexOf('\r\n\r\n', at)
    const head = body.toString('latin1', at, headEnd)
    const content = body.subarray(headEnd + 4, next - 2)
    const name = / name="([^"]+)"/.exec(head)?.[1] ?? ''
    if (head.includes('filename=')) file = content
    else fields[name] = content.toString()
  }
  if (!body.subarray(at).toString('latin1').startsWith(`${mark}--`)) throw new Error('the body has no end')
  return { fields, ...(file && { file }) }
}
