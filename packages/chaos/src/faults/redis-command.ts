import { connect } from 'node:net'

const timeoutMs = 10_000

/**
 * Sends one inline command over its own connection.
 * @returns the reply as it is on the wire
 * @throws Error with the text of an error reply, or when no reply arrives within 10 s
 */
export function command(port: number, ...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${words.join(' ')}\r\n`))
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`Redis did not reply to ${words[0]}.`)))
    socket.once('data', (reply) => {
      socket.destroy()
      const text = reply.toString()
      if (text.startsWith('-')) reject(new Error(text.trim()))
      else resolve(text)
    })
    socket.once('error', reject)
  })
}
