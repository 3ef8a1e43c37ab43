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
export { type ChainHead, isHeadGenuine, type SignedHead, signHead } from './signed-head.ts'
export { type ChainFault, type ChainReport, verifyChain } from './verify.ts'
