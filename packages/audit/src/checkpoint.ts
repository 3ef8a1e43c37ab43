import type { KeyRing } from '@muster/security/key-ring'
import { isSigned, sign } from './sign.ts'

/**
 * A run of consecutive rows that retention dropped: its first and last sequence number and the hashes around it. A month can consist of
 * several runs, because around midnight rows of two months may alternate in the chain.
 */
export type Checkpoint = {
  fromSeq: number
  toSeq: number
  /** The hash of the row before the run. */
  previousHash: Buffer
  /** The hash of the last row of the run. */
  hash: Buffer
}

export type SignedCheckpoint = Checkpoint & { keyId: string; signature: Buffer }

const statementOf = ({ fromSeq, toSeq, previousHash, hash }: Checkpoint) => ({
  label: 'muster.audit.checkpoint.1',
  parts: [fromSeq, toSeq, previousHash.toString('hex'), hash.toString('hex')],
})

/** Signs a checkpoint with the current key. @throws Error when the ring lacks it */
export const signCheckpoint = (ring: KeyRing, checkpoint: Checkpoint): SignedCheckpoint => ({
  ...checkpoint,
  ...sign(ring, statementOf(checkpoint)),
})

/** Tests whether a key of the ring signed the checkpoint. */
export const isCheckpointGenuine = (ring: KeyRing, checkpoint: SignedCheckpoint): boolean =>
  isSigned(ring, checkpoint.keyId, statementOf(checkpoint), checkpoint.signature)
