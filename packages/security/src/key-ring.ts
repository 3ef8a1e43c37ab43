/** Keys by id. The current key signs or seals new values; the others only verify or open older ones. */
export type KeyRing = { readonly currentId: string; readonly keys: ReadonlyMap<string, Buffer> }

/** Returns the current key. @throws Error when the ring lacks it */
export function currentKey(ring: KeyRing): { id: string; key: Buffer } {
  const key = ring.keys.get(ring.currentId)
  if (!key) throw new Error(`The key ring has no key "${ring.currentId}", which it calls current`)
  return { id: ring.currentId, key }
}

/** Returns the key with this id, or undefined when the ring does not contain it. */
export function keyById(ring: KeyRing, id: string): Buffer | undefined {
  return ring.keys.get(id)
}
