import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export type OtlpSink = { url: string; bytes: number; close(): Promise<void> }

/** Starts a collector of traces that accepts all and keeps none. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const sink = { bytes: 0 }
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      sink.bytes += chunk.length
    })
    request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return Object.assign(sink, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  })
}
