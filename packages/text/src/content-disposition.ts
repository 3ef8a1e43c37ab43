/**
 * Formats a `Content-Disposition` header (RFC 6266) with the name in ASCII for old clients and in full (RFC 8187) for others.
 * Characters that reverse the direction of writing are removed, because a dialog would show `exe.jpg` as `gpj.exe`.
 */
export function contentDisposition(type: 'inline' | 'attachment', filename: string): string {
  const name = filename.toWellFormed().replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '')
  const ascii = name
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/g, '')
    .replace(/["\\%/]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${ascii}"; filename*=UTF-8''${encoded}`
}
