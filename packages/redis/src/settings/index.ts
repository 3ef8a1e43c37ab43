export { formatRedisUrl } from './format-redis-url.ts'
export { parseRedisUrl, RedisUrlError, redisUrlForms } from './parse-redis-url.ts'
export { describeRedis, type RedisNode, type RedisSettings } from './settings.ts'
