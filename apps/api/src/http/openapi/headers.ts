/** Every header of a response that the document describes. */
export const headers = {
  'X-Request-Id': {
    description:
      'The id that the server made for the request: it finds all that the request caused. An `X-Request-Id` that the client sent stands beside it in the log.',
    schema: { type: 'string', format: 'uuid', examples: ['019c5d1e-6c50-7c3a-9d53-3a4b8a1f7a10'] },
  },
  'RateLimit-Limit': {
    description: 'The number of requests that the strictest limit allows in its window.',
    schema: { type: 'integer', examples: [3000] },
  },
  'RateLimit-Remaining': {
    description: 'The number of requests that remain in the window. Routes under `/auth` leave it out.',
    schema: { type: 'integer', examples: [2999] },
  },
  'RateLimit-Reset': { description: 'Seconds until the window ends.', schema: { type: 'integer', examples: [900] } },
  'Retry-After': {
    description: 'Seconds after which a repeated request makes sense.',
    schema: { type: 'integer', examples: [30] },
  },
  ETag: {
    description: 'The version of the resource, for `If-Match` and `If-None-Match`.',
    schema: { type: 'string', examples: ['"v3"'] },
  },
  Location: {
    description: 'The address of the new resource, or of the page to which the browser is sent.',
    schema: {
      type: 'string',
      format: 'uri',
      examples: ['https://api.example.com/api/v1/tasks/01980f3a-0000-7000-8000-000000000001'],
    },
  },
  'Set-Cookie': {
    description:
      'Sets or clears a cookie of the session, once for each cookie. Browsers keep them; scripts cannot read them.',
    schema: { type: 'string', examples: ['muster_at=…; Max-Age=604800; Path=/; HttpOnly; SameSite=Lax'] },
  },
  'Content-Disposition': {
    description: 'The name of the file, and whether a browser shows it or saves it.',
    schema: { type: 'string', examples: ['attachment; filename="report.pdf"'] },
  },
  'Content-Range': {
    description: 'The bytes that the response contains, and the size of the whole file; with 416 the size alone.',
    schema: { type: 'string', examples: ['bytes 0-499/1234'] },
  },
  'Accept-Ranges': {
    description: '`bytes`: the file can be read in ranges.',
    schema: { type: 'string', examples: ['bytes'] },
  },
} as const satisfies Record<string, { description: string; schema: object }>

export type HeaderName = keyof typeof headers

const ofLimits: HeaderName[] = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset']
const ofStatus: Partial<Record<number, HeaderName[]>> = {
  302: ['Location'],
  304: ['ETag'],
  206: ['Content-Range'],
  416: ['Content-Range'],
  429: ['Retry-After'],
  503: ['Retry-After'],
}

/** Returns the headers of a response as references to the components of the document. Answers of a failing server show no limits. */
export function headersOf(
  status: string,
  url: string,
  declared: readonly HeaderName[] = [],
): Record<string, { $ref: string }> {
  const limits = status < '500' ? ofLimits : []
  const shown = limits.filter((name) => name !== 'RateLimit-Remaining' || !url.includes('/auth/'))
  const names = new Set<HeaderName>(['X-Request-Id', ...shown, ...(ofStatus[Number(status)] ?? []), ...declared])
  return Object.fromEntries([...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
