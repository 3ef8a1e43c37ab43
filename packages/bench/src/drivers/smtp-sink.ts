import { setTimeout as sleep } from 'node:timers/promises'
import { SMTPServer } from 'smtp-server'

export type SmtpSink = {
  url: string
  /** When the first mail came, by `performance.now()`; may be set back to undefined. */
  firstAtMs: number | undefined
  close(): Promise<void>
}

/** A mail server that takes everything, each mail after a while, and keeps nothing. */
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
  // Else a reply waits for the acknowledgement of the one before, and all that is measured is that wait.
  server.server.on('connection', (socket) => socket.setNoDelay(true))
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => resolve((listening.address() as { port: number }).port))
  })
  return Object.assign(sink, {
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  })
}
