/** Remembers the newest version of each resource that the client has seen, for `If-Match`. */
export type Etags = ReturnType<typeof createEtags>

const maxEntries = 2_000

/** Creates an empty memory. It forgets the entries that were written first when it is full. */
export function createEtags() {
  const etags = new Map<string, string>()
  const remember = (path: string, etag: string) => {
    etags.delete(path)
    etags.set(path, etag)
    const [oldest] = etags.keys()
    if (etags.size > maxEntries && oldest !== undefined) etags.delete(oldest)
  }
  return {
    remember,
    /** Remembers the versions of the items of a list. */
    rememberItems(path: string, items: readonly unknown[]) {
      for (const item of items) {
        const { id, version } = (item ?? {}) as { id?: unknown; version?: unknown }
        if (typeof id === 'string' && typeof version === 'number') remember(`${path}/${id}`, `"v${version}"`)
      }
    },
    of: (path: string): string | undefined => etags.get(path),
    forget: (path: string) => void etags.delete(path),
    clear: () => etags.clear(),
  }
}
