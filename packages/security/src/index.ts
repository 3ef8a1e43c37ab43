export { checkValueOf } from './check-value.ts'
export { type Derivation, deriveCode, deriveToken, matchesCode } from './derive.ts'
export { lowerThreadPoolPriority } from './hashing-priority.ts'
export { currentKey, type KeyRing, keyById } from './key-ring.ts'
export { macOver } from './mac.ts'
export {
  createPasswordHasher,
  type PasswordCheck,
  type PasswordHasher,
  type PasswordHasherOptions,
} from './password.ts'
export { passwordFaults } from './password-policy.ts'
export { hashRecoveryCode, newRecoveryCodes } from './recovery-codes.ts'
export {
  absoluteLimitMs,
  decideRefresh,
  idleLimitMs,
  type RefreshDecision,
  refreshGraceMs,
  rememberedIdleLimitMs,
  type SessionState,
  sessionExpiry,
} from './refresh-decision.ts'
export { type Sealed, seal, totpSealContext, unseal } from './seal.ts'
export {
  issueRefreshToken,
  newSessionSeed,
  parseRefreshToken,
  type RefreshToken,
  verifyRefreshToken,
} from './session-token.ts'
export { readSignedText, signText } from './signed-text.ts'
export { describeTotp, newTotpSecret, totpCode, totpStep } from './totp.ts'
