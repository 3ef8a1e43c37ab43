export { probeRedis } from './probe.ts'
