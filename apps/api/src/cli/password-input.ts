import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { surroundings } from './surroundings.ts'

/**
 * Reads a password from standard input: at a terminal typed twice without echo, else the first line. Empty when none is given.
 * @throws Error when the two differ, or when the input is not UTF-8, whose invalid bytes would all decode to one character
 */
export async function readPassword(): Promise<string> {
  const { stdin: input, stderr } = surroundings()
  if (!input.isTTY) return decode(await buffer(input)).split(/\r?\n/, 1)[0] ?? ''
  const noEcho = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input, output: noEcho, terminal: true })
  const ask = async (question: string) => {
    stderr.write(question)
    const answer = await terminal.question('')
    stderr.write('\n')
    return answer
  }
  try {
    const password = await ask('Password (leave empty to generate one): ')
    if (password !== '' && (await ask('Once more: ')) !== password) throw new Error('The passwords do not match.')
    return password
  } finally {
    terminal.close()
  }
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('The password on standard input is not UTF-8. Convert it, e.g. with iconv, or type it.')
  }
}
