/** A secret that a tab shows, and that no code has confirmed yet. */
export type PendingSecret = { secret: Uint8Array; startedAt: Date }

const secretBytes = 20
const timeBytes = 8
/** Maximum of one user: a set-up that was begun twice, or in two tabs, works in each of them. */
const maxPending = 5

/**
 * Packs a user's pending secrets into the bytes that are sealed in one row: the newest secret first, alone as it stays
 * when it is the one confirmed, then each older one with its time.
 */
export function packSecrets([newest, ...older]: readonly [PendingSecret, ...PendingSecret[]]): Buffer {
  const kept = older.slice(0, maxPending - 1).flatMap(({ secret, startedAt }) => {
    const time = Buffer.alloc(timeBytes)
    time.writeBigInt64BE(BigInt(startedAt.getTime()))
    return [time, secret]
  })
  return Buffer.concat([newest.secret, ...kept])
}

/** Unpacks the bytes of {@link packSecrets}, the newest secret first. @param startedAt when the newest set-up began */
export function unpackSecrets(packed: Buffer, startedAt: Date): PendingSecret[] {
  const secrets = [{ secret: packed.subarray(0, secretBytes), startedAt }]
  for (let at = secretBytes; at < packed.length; at += timeBytes + secretBytes) {
    const time = new Date(Number(packed.readBigInt64BE(at)))
    secrets.push({ secret: packed.subarray(at + timeBytes, at + timeBytes + secretBytes), startedAt: time })
  }
  return secrets
}
