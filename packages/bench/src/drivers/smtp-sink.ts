import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'

export type SmtpSink = {
  url: string
  /** The `performance.now()` of the first mail. Set it to undefined to record the next first mail. */
  firstAtMs: number | undefined
  close(): Promise<void>
}

/** Starts an SMTP server that accepts every mail after `delayMs` and stores none. */
export async function startSmtpSink({ delayMs }: { delayMs: number }): Promise<SmtpSink> {
  const sink = { firstAtMs: undefined as number | undefined }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData(stream, _session, done) {
      sink.firstAtMs ??= performance.now()
      stream.resume()
      stream.once('end', () => void sleep(delayMs, undefined, { ref: false }).then(() => done()))
    },
  })
  // With Nagle's algorithm each reply would wait for the TCP acknowledgement of the previous one.
  server.server.on('connection', (socket) => socket.setNoDelay(true))
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => resolve((listening.address() as { port: number }).port))
  })
  return Object.assign(sink, {
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}
