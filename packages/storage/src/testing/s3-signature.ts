import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Verifies the signature of a request (AWS, "Authenticating requests: using the Authorization header", Signature Version 4), which s3rver
 * leaves out.
 */
export function isSignedBy(request: IncomingMessage, secret: string): boolean {
  const header = request.headers.authorization ?? ''
  const [, scope = '', names = '', signature] =
    /Credential=[^/]+\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})/.exec(header) ?? []
  const [date = '', region = '', service = '', end = ''] = scope.split('/')
  const key = [date, region, service, end].reduce<Buffer>(
    (before, part) => hmac(before, part),
    Buffer.from(`AWS4${secret}`),
  )
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, hash(canonical(request, names))].join('\n')
  return hmac(key, text).toString('hex') === signature
}

function canonical({ method, url = '', headers }: IncomingMessage, names: string): string {
  const [path = '', query = ''] = url.split('?')
  const parameters = query
    .split('&')
    .filter(Boolean)
    .map((part) => (part.includes('=') ? part : `${part}=`))
    .sort()
    .join('&')
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  return [method, path, parameters, lines.join(''), names, headers['x-amz-content-sha256']].join('\n')
}

const hash = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
