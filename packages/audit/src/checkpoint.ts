import type { KeyRing } from '@muster/security/key-ring'
import { isSigned, sign } from './sign.ts'

/**
 * A run of rows that retention dropped: its two ends and the hashes that hold them. A month leaves one for each run of
 * rows that stood in it, since at midnight the last rows of one month and the first of the next may mix in the chain.
 */
export type Checkpoint = {
  fromSeq: number
  toSeq: number
  /** Of the row before the run. */
  previousHash: Buffer
  /** Of the run's last row. */
  hash: Buffer
}

export type SignedCheckpoint = Checkpoint & { keyId: string; signature: Buffer }

const statementOf = ({ fromSeq, toSeq, previousHash, hash }: Checkpoint) => ({
  label: 'muster.audit.checkpoint.1',
  parts: [fromSeq, toSeq, previousHash.toString('hex'), hash.toString('hex')],
})

/** @throws Error when the ring lacks its current key */
export const signCheckpoint = (ring: KeyRing, checkpoint: Checkpoint): SignedCheckpoint => ({
  ...checkpoint,
  ...sign(ring, statementOf(checkpoint)),
})

/** Whether a key of the ring signed this checkpoint. */
export const isCheckpointGenuine = (ring: KeyRing, checkpoint: SignedCheckpoint): boolean =>
  isSigned(ring, checkpoint.keyId, statementOf(checkpoint), checkpoint.signature)
