import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { errorsOf, httpErrors } from '../http/openapi/common-errors.ts'
import { codesOf } from '../http/openapi/errors.ts'
import { documentedRoutes, type Route } from '../http/openapi/route.ts'

/**
 * Watches whether the OpenAPI document describes each answer of a route: its status, its media type, its error code.
 * `assert` throws for the first answer since its last call that is not described.
 */
export function watchDocumentation() {
  const faults: string[] = []
  const routes = new Map<string, Route>()
  const plugin = fp(async (app) => {
    app.addHook('onRoute', (route) => {
      for (const documented of documentedRoutes(route)) routes.set(keyOf(documented.method, documented.url), documented)
    })
    app.addHook('onSend', async (request, reply, payload) => {
      const route = routes.get(keyOf(request.method, request.routeOptions.url))
      const fault = route && faultOf(route, request, reply, payload)
      if (fault) faults.push(fault)
      return payload
    })
  })
  return {
    plugin,
    assert() {
      const [fault] = faults.splice(0)
      if (fault) throw new Error(fault)
    },
  }
}

/** HEAD is documented by GET. */
const keyOf = (method: string, url = '') => `${method === 'HEAD' ? 'GET' : method} ${url.replace(/(.)\/$/, '$1')}`

function faultOf(route: Route, request: FastifyRequest, reply: FastifyReply, payload: unknown): string | undefined {
  const { statusCode } = reply
  const name = `${request.method} ${request.url} (${route.schema.operationId})`
  const type = String(reply.getHeader('content-type') ?? '').split(';')[0]
  const declared = route.schema.response?.[statusCode]
  const code = type === 'application/json' ? codeIn(payload) : undefined
  if (code) {
    const codes: readonly string[] = errorsOf(route).get(statusCode) ?? httpErrors
    if (codes.includes(code)) return undefined
    return `${name} answers ${statusCode} ${code}, which its route does not declare: add it to errors(…).`
  }
  if (!declared || codesOf(declared)) return `${name} answers ${statusCode}, which its route does not declare.`
  const types = 'content' in declared ? Object.keys(declared.content) : ['application/json']
  if (
    statusCode === 304 ||
    statusCode === 302 ||
    request.method === 'HEAD' ||
    types.includes(type ?? '') ||
    types.includes('*/*')
  )
    return undefined
  return `${name} answers ${statusCode} as ${type}, and its route declares ${types.join(', ')}.`
}

/** Returns the code of an error, and undefined for any other answer. */
function codeIn(payload: unknown) {
  if (typeof payload !== 'string' || !payload.startsWith('{"success":false')) return undefined
  return JSON.parse(payload).error.code
}
