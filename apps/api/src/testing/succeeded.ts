import type { LightMyRequestResponse } from 'fastify'

/** Returns the response when its status is a success. @throws Error with the status and the body otherwise */
export function succeeded(response: LightMyRequestResponse): LightMyRequestResponse {
  if (response.statusCode < 300) return response
  const { method, url } = response.raw.req
  throw new Error(`${method} ${url} answered ${response.statusCode}: ${response.body}`)
}

/** Returns the `data` of a success. @throws Error with the status and the body of any other response */
export const dataOf = (response: LightMyRequestResponse) => succeeded(response).json().data
