/** Security headers of every JSON response. A constant: helmet would compute them for each response. */
export const jsonHeaders = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-site',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Helmet's options of every HTML page. No site may frame a page; helmet's default allows the same origin. */
export const pageDefaults = { frameguard: { action: 'deny' } } as const
