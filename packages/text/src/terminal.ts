/** What moves a terminal's cursor, colours, hides or reorders: control characters of both sets, and the bidirectional ones. */
const commands = /[\p{Cc}\u200e\u200f\u061c\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}\p{Cs}]/gu
const commandsInJson = /[\u007f-\u009f\u200e\u200f\u061c\u2028-\u202e\u2066-\u206f\ufeff\ufff9-\ufffb]/g

const toEscape = (character: string) => {
  const code = character.codePointAt(0) ?? 0
  return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** Writes a text as one line of a terminal: control characters are shown (`\u001b`) instead of obeyed. */
export const terminalLine = (text: string): string => text.replace(commands, toEscape)

/** Like {@link terminalLine}, with line ends and tabs kept. */
export const terminalText = (text: string): string =>
  text.replace(commands, (character) => (character === '\n' || character === '\t' ? character : toEscape(character)))

/** Escapes in a JSON text what JSON leaves raw and a terminal obeys; the text means the same as before. */
export const visibleJson = (json: string): string => json.replace(commandsInJson, toEscape)
