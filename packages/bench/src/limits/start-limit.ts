import { poolMax } from '../apps.ts'
import { startChild } from '../child.ts'
import { keys } from '../keys.ts'
import type { Server } from '../pair.ts'
import type { Stage } from '../stage.ts'
import { accessCookie, type User } from '../users.ts'

/** Starts a bare server that answers with this body. */
export async function startLimit(
  stage: Stage,
  name: 'bare-jwt' | 'bare-select' | 'bare-insert' | 'bare-list' | 'bare-socket',
  { body, user, env = {} }: { body: string; user?: Pick<User, 'id' | 'organizationId'>; env?: Record<string, string> },
): Promise<Server & { stop(): Promise<void> }> {
  const child = await startChild<object, number>(new URL(`./${name}.ts`, import.meta.url), {
    NODE_ENV: 'production',
    DATABASE_URL: stage.databaseUrl,
    REDIS_URL: stage.redisUrl,
    BENCH_POOL_MAX: String(poolMax),
    BENCH_JWT_KEY: keys.accessToken.base64,
    BENCH_COOKIE: accessCookie,
    BENCH_BODY: body,
    BENCH_OWNER_ID: user?.id ?? '',
    BENCH_ORGANIZATION_ID: user?.organizationId ?? '',
    ...env,
  })
  const port = await child.ask({})
  return { pid: child.pid, origin: `http://127.0.0.1:${port}`, stop: child.stop }
}
