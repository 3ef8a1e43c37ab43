import cookie from '@fastify/cookie'
import jwt from '@fastify/jwt'
import { type FastifyInstance, fastify } from 'fastify'
import { answer } from '../answer.ts'
import { setting } from '../setting.ts'

/** Serves the minimum of a signed-in route: Fastify, a cookie, `jwtVerify` and a constant body. */
export async function serveBare(route: (app: FastifyInstance, body: string) => void): Promise<void> {
  const app = fastify()
  await app.register(cookie)
  await app.register(jwt, {
    secret: Buffer.from(setting('BENCH_JWT_KEY'), 'base64'),
    cookie: { cookieName: setting('BENCH_COOKIE'), signed: false },
  })
  app.addHook('onRequest', async (request) => {
    await request.jwtVerify()
  })
  route(app, setting('BENCH_BODY'))
  await app.listen({ host: '127.0.0.1', port: 0 })
  answer(() => (app.server.address() as { port: number }).port)
}

export const json = 'application/json; charset=utf-8'
