import { randomBytes } from 'node:crypto'

const id = 'k1'

/** A key as the processes read it (`id:base64`), alone, and as the functions take it. */
function newKey() {
  const key = randomBytes(32)
  const base64 = key.toString('base64')
  return { base64, ring: `${id}:${base64}`, keys: { currentId: id, keys: new Map([[id, key]]) } }
}

/** New ones for each run. */
export const keys = {
  accessToken: newKey(),
  refreshToken: newKey(),
  password: newKey(),
  mailCode: newKey(),
  cookie: newKey(),
  encryption: newKey(),
  audit: newKey(),
}
