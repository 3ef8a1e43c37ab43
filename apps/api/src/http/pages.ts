import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { jsonHeaders } from './security-headers.ts'

/** Paths that belong to the API, with all below them: a mistake in one of them is answered in JSON, never by a page. */
const paths = ['/api', '/docs', '/health', '/openapi.json', '/socket.io', '/unsubscribe'] as const

/** Tests whether a path belongs to the API rather than to the pages. */
export const isOfApi = (path: string): boolean => paths.some((one) => path === one || path.startsWith(`${one}/`))

/** A file has a dot in its last part, as no path of a page has. */
export const isFile = (path: string): boolean => path.slice(path.lastIndexOf('/')).includes('.')

/** The folder of the files whose names have the hash of their content. */
export const hashedFolder = 'assets'

/** Tests whether a path is one of a file whose name has the hash of its content, so that it never changes. */
export const isHashed = (path: string): boolean => path.startsWith(`/${hashedFolder}/`)

type Wishes = { accept?: string | undefined; 'sec-fetch-mode'?: string | string[] | undefined }

/**
 * Tests whether a request is one of the address bar or of a link: a program that asks for JSON, and what a page loads, are none. A client
 * that accepts everything without asking for JSON, such as curl, is shown the page too.
 */
export function isNavigation({ accept = '*/*', 'sec-fetch-mode': mode = 'navigate' }: Wishes): boolean {
  if (mode !== 'navigate') return false
  return accept.includes('text/html') || (accept.includes('*/*') && !accept.includes('json'))
}

/** Returns the security headers of the built pages, which load scripts and styles only from files of this origin. */
export function pageHeaders({ publicUrl }: { publicUrl: URL }): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    // Older browsers do not count sockets among 'self'.
    `connect-src 'self' ${publicUrl.origin.replace(/^http/, 'ws')}`,
    "font-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ]
  return {
    ...jsonHeaders,
    'content-security-policy': policy.join('; '),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    // With `no-referrer` a browser would send forms with `Origin: null`, which is refused as a foreign origin.
    'referrer-policy': 'same-origin',
  }
}

/**
 * Checks in production that the folder of the pages has some. In development they may still be being built.
 * @throws Error with the remedy
 */
export async function assertPages({ isProduction, pages }: Pick<Config, 'isProduction' | 'pages'>): Promise<void> {
  if (!isProduction || !pages) return
  await access(join(pages.root, 'index.html')).catch((cause: NodeJS.ErrnoException) => {
    const remedy = 'Name the folder that npm run build makes, or set WEB_ROOT=none to serve no pages.'
    throw new Error(`WEB_ROOT is ${pages.root}, which has no index.html that can be read (${cause.code}). ${remedy}`, {
      cause,
    })
  })
}
