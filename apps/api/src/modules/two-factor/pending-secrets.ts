/** A secret that a tab shows and nobody has confirmed yet. */
export type PendingSecret = { secret: Uint8Array; startedAt: Date }

const secretBytes = 20
const timeBytes = 8
/** Of one person: a setup that was begun twice, or in two tabs, works in each of them. */
const maxPending = 5

/**
 * Packs what is sealed in a person's pending row: the newest secret, as it will stay when it is the one that is
 * confirmed, and behind it each older one with its time.
 */
export function packSecrets([newest, ...older]: readonly [PendingSecret, ...PendingSecret[]]): Buffer {
  const kept = older.slice(0, maxPending - 1).flatMap(({ secret, startedAt }) => {
    const time = Buffer.alloc(timeBytes)
    time.writeBigInt64BE(BigInt(startedAt.getTime()))
    return [time, secret]
  })
  return Buffer.concat([newest.secret, ...kept])
}

/** Unpacks what {@link packSecrets} packed, the newest first. @param startedAt when the newest was begun */
export function unpackSecrets(packed: Buffer, startedAt: Date): PendingSecret[] {
  const secrets = [{ secret: packed.subarray(0, secretBytes), startedAt }]
  for (let at = secretBytes; at < packed.length; at += timeBytes + secretBytes) {
    const time = new Date(Number(packed.readBigInt64BE(at)))
    secrets.push({ secret: packed.subarray(at + timeBytes, at + timeBytes + secretBytes), startedAt: time })
  }
  return secrets
}
