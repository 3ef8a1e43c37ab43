/** Characters that a terminal acts on: both sets of control characters, and those that hide or reorder text. */
const commands = /[\p{Cc}\u200e\u200f\u061c\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu
const commandsInJson = /[\u007f-\u009f\u200e\u200f\u061c\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/g

const toEscape = (character: string) => {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Escapes control characters, line ends included, so that a terminal shows them (`\u001b`) instead of acting on them. */
export const terminalLine = (text: string): string => text.replace(commands, toEscape)

/** Escapes control characters like {@link terminalLine}, but keeps line ends and tabs. */
export const terminalText = (text: string): string =>
  text.replace(commands, (character) => (character === '\n' || character === '\t' ? character : toEscape(character)))

/** Escapes the control characters that JSON leaves as they are and a terminal acts on. The JSON keeps its meaning. */
export const visibleJson = (json: string): string => json.replace(commandsInJson, toEscape)
