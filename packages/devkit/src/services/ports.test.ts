import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, isPortFree, preferPort } from './ports.ts'

test('consecutive free ports lie below the range for outgoing connections', async () => {
  const first = await freePort(5)
  expect(first).toBeGreaterThanOrEqual(20_000)
  expect(first + 5).toBeLessThanOrEqual(32_000)
  for (let port = first; port < first + 5; port++) expect(await isPortFree(port)).toBe(true)
})

test('ports that are chosen at once are all different', async () => {
  const ports = await Promise.all(Array.from({ length: 300 }, () => freePort()))
  expect(new Set(ports).size).toBe(300)
})

test('a preferred port is kept while it is free, and replaced while it is taken', async () => {
  const port = await freePort()
  expect(await preferPort(port)).toBe(port)
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  expect(await isPortFree(port)).toBe(false)
  expect(await preferPort(port)).not.toBe(port)
  server.close()
})
