export { csv, flag, int, type KeyRing, keyRing, processEnv, workerConcurrency } from './fields.ts'
export { ConfigError, parseEnv } from './parse-env.ts'
