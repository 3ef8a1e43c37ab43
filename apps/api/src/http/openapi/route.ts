import type { FastifyContextConfig, RouteOptions } from 'fastify'
import type { z } from 'zod'
import type { HeaderName } from './headers.ts'
import type { TagName } from './tags.ts'

/** A response whose content is not JSON, by media type. */
export type ContentResponse = {
  description?: string
  headers?: readonly HeaderName[]
  content: Record<string, { schema: z.ZodType }>
}

declare module 'fastify' {
  interface FastifySchema {
    /** Verb and noun, unique and stable, because generated clients name their functions by it: `listTasks`. */
    operationId?: string
    tags?: readonly string[]
    /** One line about what the operation does. */
    summary?: string
    /** Further sentences in Markdown. */
    description?: string
    /** Media types of the body; JSON by default. */
    consumes?: readonly string[]
    /** Leaves the route out of the document. */
    hide?: boolean
  }
}

/** A documented route of one method. */
export type Route = {
  method: string
  url: string
  config: FastifyContextConfig | undefined
  schema: {
    operationId: string
    tags: readonly TagName[]
    summary: string
    description?: string
    consumes?: readonly string[]
    params?: z.ZodType
    querystring?: z.ZodType
    headers?: z.ZodType
    body?: z.ZodType
    response?: Record<string, z.ZodType | ContentResponse>
  }
}

/** Returns the documented routes of what Fastify registers: HEAD, OPTIONS and hidden routes are none. */
export function documentedRoutes({ method, url, config, schema }: RouteOptions): Route[] {
  if (!schema?.response || schema.hide) return []
  return [method]
    .flat()
    .filter((name) => name !== 'HEAD' && name !== 'OPTIONS')
    .map((name) => ({ method: name, url, config, schema: schema as Route['schema'] }))
}
