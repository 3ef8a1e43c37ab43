/** Security headers of every JSON answer. Helmet computes its own for each answer, which costs more. */
export const jsonHeaders = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Helmet's options for every page: no site may frame it, where helmet's default allows the same origin. */
export const pageDefaults = { frameguard: { action: 'deny' } } as const
