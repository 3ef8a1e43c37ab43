import { randomBytes } from 'node:crypto'

const id = 'k1'

/** Generates a key in three forms: base64, `id:base64` as in the environment, and the key ring that functions take. */
function newKey() {
  const key = randomBytes(32)
  const base64 = key.toString('base64')
  return { base64, ring: `${id}:${base64}`, keys: { currentId: id, keys: new Map([[id, key]]) } }
}

/** The keys of all key rings, generated for each run. */
export const keys = {
  accessToken: newKey(),
  refreshToken: newKey(),
  password: newKey(),
  mailCode: newKey(),
  cookie: newKey(),
  encryption: newKey(),
  audit: newKey(),
}
