import { processNames } from '@muster/config'
import { closest, distance } from 'fastest-levenshtein'
import { commands } from './commands.ts'

const names = [...processNames, 'all', 'migrate', 'ready', ...commands.map(({ name }) => name)]
const groups = [...new Set(names.map((name) => name.split(' ')[0] as string))]

/** Explains that there is no such command: names the one that was probably meant, or else those of the same group, or all. */
export function explainUnknownCommand(words: readonly string[]): string {
  const [group = ''] = words
  const asked = words.slice(0, 2).join(' ')
  const ofGroup = names.filter((name) => name.startsWith(`${group} `))
  const isGroup = ofGroup.length > 0
  const nearest = isGroup ? nearestOf(asked, ofGroup) : (nearestOf(asked, names) ?? nearestOf(group, groups))
  const fault = `There is no command \`${isGroup ? asked : group}\`.`
  return nearest
    ? `${fault} Did you mean \`muster ${nearest}\`? \`muster --help\` lists all commands.`
    : `${fault} There are: ${(isGroup ? ofGroup : groups).join(', ')}. \`muster --help\` tells what each does.`
}

/** Returns the name with the fewest wrong letters; undefined when more than a third are wrong. */
function nearestOf(asked: string, among: readonly string[]): string | undefined {
  const nearest = closest(asked.toLowerCase(), among)
  return distance(asked.toLowerCase(), nearest) <= Math.ceil(asked.length / 3) ? nearest : undefined
}
