/** Returns the path to go to after the sign-in, when it is one of these pages; otherwise the start page. */
export function ownPath(next: string | undefined): string {
  if (!next) return '/'
  const url = URL.parse(next, location.origin)
  return url && url.origin === location.origin && next.startsWith('/') ? url.pathname + url.search + url.hash : '/'
}
