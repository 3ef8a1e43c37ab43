export { keepAnnouncedHead, readAnnouncedHeads } from './announced-heads.ts'
export {
  type AuditPersonal,
  type AuditRecord,
  genesisHash,
  personalDigest,
  type RowKey,
  rowHash,
  rowKey,
  saltBytes,
} from './chain.ts'
export { type SignedCheckpoint, signCheckpoint } from './checkpoint.ts'
export { compareHead } from './compare-head.ts'
export { type LastVerification, readLastVerification } from './last-verification.ts'
export { readMonth } from './month.ts'
export { readMonths } from './months.ts'
export { readPendingAge } from './pending-age.ts'
export { type KeySample, sampleKeys } from './sample-keys.ts'
export { type ChainHead, formatHead, isHeadGenuine, parseHead, type SignedHead, signHead } from './signed-head.ts'
export { holdsHead, readHead } from './stored-rows.ts'
export { type ChainReport, UnknownChainPlaceError, verifyChain } from './verify.ts'
export type { ChainFault } from './walk.ts'
