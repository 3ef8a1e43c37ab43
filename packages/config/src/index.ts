export { csv, int, keyRing, processEnv, processSettings, workerConcurrency } from './fields.ts'
export { type KeyRingName, keyRingNames } from './key-ring-names.ts'
export { ConfigError, parseEnv } from './parse-env.ts'
export { commandEnv } from './running-copy.ts'
