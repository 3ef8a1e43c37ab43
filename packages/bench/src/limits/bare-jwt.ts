import { json, serveBare } from './bare-server.ts'

await serveBare((app, body) => {
  app.get('/*', async (_request, reply) => reply.type(json).send(body))
})
