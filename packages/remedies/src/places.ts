/** Names where a Postgres is, without user and password. */
export function placeOfPostgres(url: string): string {
  if (!URL.canParse(url)) return 'the given address'
  const { hostname, port, pathname, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? decoded(hostname)
  return `${host}:${searchParams.get('port') ?? (port || '5432')}, database ${decoded(pathname.slice(1)) || 'of the user'}`
}

/** Names where a mail server is, without user and password. */
export function placeOfSmtp(url: string): string {
  if (!URL.canParse(url)) return 'the given address'
  const { protocol, hostname, port } = new URL(url)
  return `${hostname}:${port || (protocol === 'smtps:' ? '465' : '587')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
