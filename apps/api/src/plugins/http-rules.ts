import type { IncomingMessage } from 'node:http'
import { DomainError, invalid } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { closeUnlessComplete } from '../http/server/lingering-close.ts'

const maxPathLength = 300
const notEncoded = 'is not percent-encoded UTF-8; write % itself as %25'

/** A name, an IPv4 address or a bracketed IPv6 address, with or without a port; empty for a target without an authority. */
const hostForm = /^(?:\[[\w.:%~-]+\]|[\w.%~-]*)(?::\d{0,5})?$/

/**
 * Enforces the rules of HTTP (RFC 9110, RFC 9112) that Node does not enforce or answers without the API's envelope, and
 * closes connections whose request is answered before its body is complete.
 */
export const httpRulesPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const fault = protocolFault(request.raw)
    if (fault) reply.header('connection', 'close')
    done(fault)
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    closeUnlessComplete(request, reply, () => done(null, payload))
  })
})

/** Returns the error for a request that breaks a rule; undefined for a valid one. */
function protocolFault(raw: IncomingMessage): DomainError | undefined {
  const { headers, httpVersion } = raw
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return new DomainError('HTTP_VERSION_NOT_SUPPORTED')
  const hostFault = hostFaultOf(raw)
  if (hostFault) return new DomainError('VALIDATION_FAILED', { message: `The request ${hostFault}.` })
  const queryFault = queryFaultOf(raw.url ?? '')
  if (queryFault) return queryFault
  const encoding = headers['transfer-encoding']
  if (encoding !== undefined) {
    if (httpVersion === '1.0') {
      const message = 'HTTP/1.0 has no Transfer-Encoding. Send a Content-Length.'
      return new DomainError('VALIDATION_FAILED', { message })
    }
    if (encoding.trim().toLowerCase() !== 'chunked') return new DomainError('NOT_IMPLEMENTED')
  }
  if (headers.expect !== undefined && headers.expect.trim().toLowerCase() !== '100-continue')
    return new DomainError('EXPECTATION_FAILED')
  return undefined
}

/** Returns what is wrong with the Host header. An ambiguous one could mean different hosts to two servers (RFC 9112, 3.2). */
function hostFaultOf({ headers: { host }, httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  if (host === undefined) return httpVersion === '1.1' ? 'has no Host header' : undefined
  if (!hostForm.test(host)) return 'has a Host header that names no host'
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count > 1 ? 'has more than one Host header' : undefined
}

/** Returns the error for a query with a `%` that encodes no UTF-8, which the parser would drop or keep as it is. */
function queryFaultOf(url: string): DomainError | undefined {
  const start = url.indexOf('?') + 1
  if (start === 0 || isPercentEncoded(url.slice(start))) return undefined
  const [name = ''] =
    url
      .slice(start)
      .split('&')
      .find((pair) => !isPercentEncoded(pair))
      ?.split('=') ?? []
  const path = isPercentEncoded(name) ? `query.${decodeURIComponent(name)}` : 'query'
  return invalid(path.slice(0, maxPathLength), 'INVALID_FORMAT', { example: '%25' }, notEncoded)
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch (error) {
    if (error instanceof URIError) return false
    throw error
  }
}
