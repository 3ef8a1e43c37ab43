import { splitExtension, unsafeInNames } from './file-name.ts'

/**
 * Formats a `Content-Disposition` header (RFC 6266) with the name in ASCII for old clients and in full (RFC 8187) for others.
 * Neither has a folder or a character of {@link unsafeInNames}.
 */
export function contentDisposition(type: 'inline' | 'attachment', filename: string): string {
  const name = filename.toWellFormed().replace(unsafeInNames, '').replace(/[/\\]/g, '_')
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `${type}; filename="${asciiName(name)}"; filename*=UTF-8''${encoded}`
}

/** Letters that have no decomposition. */
const lettersInAscii: Record<string, string> = {
  ...{ ß: 'ss', ẞ: 'SS', æ: 'ae', Æ: 'AE', œ: 'oe', Œ: 'OE', ø: 'o', Ø: 'O', đ: 'd', Đ: 'D', ð: 'd', Ð: 'D' },
  ...{ ħ: 'h', Ħ: 'H', ı: 'i', ł: 'l', Ł: 'L', ŋ: 'n', Ŋ: 'N', þ: 'th', Þ: 'TH' },
}
/** Names of devices, which Windows opens instead of a file, with any extension. */
const windowsDevice = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:$|[. ])/i

/**
 * Converts a name to ASCII that every system accepts. Compatibility mapping comes first, because it makes dots and slashes: `．．／x` is
 * `../x`. A name without a letter or digit of ASCII becomes `download`.
 */
function asciiName(name: string): string {
  const ascii = name
    .normalize('NFKD')
    .replace(/[^\x20-\x7e]/gu, (character) => lettersInAscii[character] ?? '')
    .replace(/["\\%/:*?<>|]/g, '_')
    .replace(/[. ]+$/, '')
  const { stem, extension } = splitExtension(ascii)
  const trimmed = stem.replace(/^[. ]+| +$/g, '')
  const base = /[A-Za-z0-9]/.test(trimmed) ? trimmed : 'download'
  return `${windowsDevice.test(base) ? '_' : ''}${base}${extension}`
}
