/**
 * Writes a `Content-Disposition` (RFC 6266): the name in plain ASCII for old clients, and the real one (RFC 8187) for all
 * others. What would turn a name around in a dialog (`gpj.exe`) is left out.
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
