import type { IncomingMessage } from 'node:http'
import { DomainError } from '@muster/errors'
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { announcesBody, closeUnlessWhole } from '../http/linger.ts'
import { sendContinue } from '../http/server.ts'

/** A name, an IPv4 address or a bracketed IPv6 one, with or without a port; empty where the target has no authority. */
const hostForm = /^(?:\[[\w.:%~-]+\]|[\w.%~-]*)(?::\d{0,5})?$/

/**
 * The rules of HTTP (RFC 9110, RFC 9112) that Node leaves to its user or answers without our envelope, and the end of
 * connections whose request is answered before its body is whole.
 */
export const httpRulesPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const fault = protocolFault(request.raw)
    if (fault) reply.header('connection', 'close')
    done(fault)
  })
  app.addHook('onSend', (request, reply, payload, done) => {
    closeUnlessWhole(request, reply, () => done(null, payload))
  })
})

/** Refuses bodies in a coding that nothing here decodes; after the limits and the session, so that these answer first. */
export const bodyCodingPlugin = fp(async (app: FastifyInstance) => {
  app.addHook('preParsing', ({ raw }, reply, payload, done) => {
    const coding = raw.headers['content-encoding']
    if (coding !== undefined && coding.trim().toLowerCase() !== 'identity' && announcesBody(raw)) {
      reply.header('accept-encoding', 'identity')
      const message = 'Bodies are not accepted in a Content-Encoding. Send the body as it is.'
      return done(new DomainError('UNSUPPORTED_MEDIA_TYPE', { message }))
    }
    if (raw.headers.expect !== undefined) sendContinue(raw, reply.raw)
    done(null, payload)
  })
})

function protocolFault(raw: IncomingMessage): DomainError | undefined {
  const { headers, httpVersion } = raw
  if (httpVersion !== '1.1' && httpVersion !== '1.0') return new DomainError('HTTP_VERSION_NOT_SUPPORTED')
  const hostFault = faultOfHost(raw)
  if (hostFault) return new DomainError('VALIDATION_FAILED', { message: `The request ${hostFault}.` })
  const coding = headers['transfer-encoding']
  if (coding !== undefined) {
    if (httpVersion === '1.0') {
      const message = 'HTTP/1.0 has no Transfer-Encoding. Send a Content-Length.'
      return new DomainError('VALIDATION_FAILED', { message })
    }
    if (coding.trim().toLowerCase() !== 'chunked') return new DomainError('NOT_IMPLEMENTED')
  }
  if (headers.expect !== undefined && headers.expect.trim().toLowerCase() !== '100-continue')
    return new DomainError('EXPECTATION_FAILED')
  return undefined
}

/** RFC 9112, 3.2: whom a request is meant for must be plain, or two servers on its way may understand it differently. */
function faultOfHost({ headers: { host }, httpVersion, rawHeaders }: IncomingMessage): string | undefined {
  if (host === undefined) return httpVersion === '1.1' ? 'has no Host header' : undefined
  if (!hostForm.test(host)) return 'has a Host header that names no host'
  let count = 0
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]
    if (name?.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count > 1 ? 'has more than one Host header' : undefined
}
