/** Keys by id. The current key signs or seals new values; the others only verify or open older ones. */
export type KeyRing = { readonly currentId: string; readonly keys: ReadonlyMap<string, Buffer> }

/** @throws Error when the ring holds no key under its own current id */
export function currentKey(ring: KeyRing): { id: string; key: Buffer } {
  const key = ring.keys.get(ring.currentId)
  if (!key) throw new Error(`The key ring has no key "${ring.currentId}", which it calls current`)
  return { id: ring.currentId, key }
}

/** The key under this id; undefined when the ring does not hold it (any more). */
export function keyById(ring: KeyRing, id: string): Buffer | undefined {
  return ring.keys.get(id)
}
