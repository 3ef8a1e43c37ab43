import { formatRedisUrl } from '@muster/redis'
import { type ReadyProcess, startReadyProcess } from '@muster/testing'
import type { TestContext } from 'vitest'
import type { TestApp } from './test-app.ts'

/** Starts a worker on the database, the Redis and the files of an API. It is killed when the test ends, or when `context` says. */
export function startWorker(
  { deps }: TestApp,
  name: 'image-worker' | 'reminder-worker',
  context?: Pick<TestContext, 'onTestFinished'>,
): Promise<ReadyProcess> {
  const { database, redis, storage } = deps.config
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: formatRedisUrl(redis),
    LOG_LEVEL: 'fatal',
    ...(storage.driver === 'local' && name === 'image-worker' && { STORAGE_LOCAL_DIR: storage.localDir }),
  }
  return startReadyProcess(new URL(`../../../${name}/src/main.ts`, import.meta.url), env, context)
}
