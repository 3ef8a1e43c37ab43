import type { Person } from './use-chat.ts'

/** The beginning of a mention before the cursor: where its `@` stands, and what follows. */
export type Mention = { at: number; query: string }

/** The server takes at most so many mentions in a message. */
const maxMentions = 50
const maxOffered = 6

/** Returns the mention that is being typed; null when the cursor is not behind one. */
export function mentionBefore(text: string, cursor: number): Mention | null {
  const match = /(?:^|[\s(])@([\p{L}\p{N}_.-]*)$/u.exec(text.slice(0, cursor))
  return match ? { at: cursor - (match[1] ?? '').length - 1, query: (match[1] ?? '').toLocaleLowerCase() } : null
}

/** Returns the members whose name or username begins with what was typed. */
export function offeredFor({ query }: Mention, people: ReadonlyMap<string, Person>, me: string): Person[] {
  const fits = ({ name, username }: Person) =>
    username.startsWith(query) ||
    name
      .toLocaleLowerCase()
      .split(/\s+/u)
      .some((word) => word.startsWith(query))
  return [...people.values()].filter((person) => person.id !== me && fits(person)).slice(0, maxOffered)
}

/** Puts the username of a member in the place of what was typed. @returns the text, and where the cursor stands then */
export function withMention(
  text: string,
  { at, query }: Mention,
  { username }: Person,
): { text: string; cursor: number } {
  const before = `${text.slice(0, at)}@${username} `
  return { text: before + text.slice(at + 1 + query.length).trimStart(), cursor: before.length }
}

/** Returns the ids of the members whose `@username` stands in a text. */
export function mentionedIn(body: string, people: ReadonlyMap<string, Person>, me: string): string[] {
  const words = body.match(/(?<![\p{L}\p{N}_])@[\p{L}\p{N}_.-]+/gu) ?? []
  // A full stop may end the sentence instead of the name.
  const names = new Set(
    words.flatMap((word) => [word.slice(1), word.slice(1).replace(/[.-]+$/, '')]).map((name) => name.toLowerCase()),
  )
  return [...people.values()]
    .filter(({ id, username }) => id !== me && names.has(username))
    .map(({ id }) => id)
    .slice(0, maxMentions)
}
