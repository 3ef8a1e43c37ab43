import { createInterface } from 'node:readline/promises'
import { DomainError } from '@muster/errors'
import { terminalLine } from '@muster/text'
import { surroundings } from './surroundings.ts'

type TakeOver = {
  /** The thing that is taken over, as the beginning of a sentence, e.g. `Redis`. */
  what: string
  /** The id of the installation that has it. */
  owner: string
  /** Tells in a sentence when the owner was last seen. */
  lastSeen: string
  /** The id that the operator gave by `--yes`. */
  given: string | undefined
}

/**
 * Makes sure that an operator means it: a terminal asks for the id of the owner, and without one `--yes <id>` must name it.
 * @throws DomainError CONFLICT when the id is another one or was not given
 */
export async function confirmTakeOver({ what, owner, lastSeen, given }: TakeOver): Promise<void> {
  const told = `${what} belongs to the installation ${terminalLine(owner)}. ${lastSeen}`
  const { stdin, stderr } = surroundings()
  const isAsked = given === undefined && stdin.isTTY === true && stderr.isTTY === true
  const answer = isAsked
    ? await ask(`${told}\nIts processes stop working with it. Write its id to take it over: `)
    : given
  if (answer?.trim() === owner) return
  const fault =
    answer === undefined
      ? 'Nothing was changed: stop that installation, and then run the command'
      : 'Nothing was changed, because the given id is another one: run the command'
  throw new DomainError('CONFLICT', { message: `${told} ${fault} with \`--yes ${terminalLine(owner)}\`.` })
}

async function ask(question: string): Promise<string> {
  const { stdin, stderr } = surroundings()
  const terminal = createInterface({ input: stdin, output: stderr })
  try {
    return await terminal.question(question)
  } finally {
    terminal.close()
  }
}
