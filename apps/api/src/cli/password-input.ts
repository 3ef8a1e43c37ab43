import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

/**
 * The password that comes on standard input: typed unseen and twice at a terminal, else the first line of what is piped.
 * Empty when none is given.
 * @throws Error when the two differ, or what is piped is not UTF-8: one replacement would stand for many characters
 */
export async function readPassword(input = process.stdin): Promise<string> {
  if (!input.isTTY) return decode(await buffer(input)).split(/\r?\n/, 1)[0] ?? ''
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input, output: unseen, terminal: true })
  const ask = async (question: string) => {
    process.stderr.write(question)
    const answer = await terminal.question('')
    process.stderr.write('\n')
    return answer
  }
  try {
    const password = await ask('Password (empty: one is made): ')
    if (password !== '' && (await ask('Once more: ')) !== password) throw new Error('The two are not the same.')
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
