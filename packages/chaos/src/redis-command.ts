import { connect } from 'node:net'

/**
 * One command over a connection of its own, as an inline command.
 * @returns the whole answer as it stands on the wire
 * @throws Error with the text of an error answer
 */
export function command(port: number, ...words: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${words.join(' ')}\r\n`))
    socket.once('data', (answer) => {
      socket.destroy()
      const text = answer.toString()
      if (text.startsWith('-')) reject(new Error(text.trim()))
      else resolve(text)
    })
    socket.once('error', reject)
  })
}
