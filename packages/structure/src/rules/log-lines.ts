import type { LogLine } from '../log-lines/read-log-lines.ts'
import type { Rule } from '../violation.ts'

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/
/** The longest message part from which an event is made. */
const maxHead = 60

/** Refuses lines of the log that cannot be searched: without a component, or with a message that is not constant. */
export const logLines: Rule = ({ logLines: lines }) =>
  lines.flatMap((line) => {
    const wrong = fault(line)
    return wrong ? [{ rule: 'log lines', file: line.file, message: `${line.file}:${line.line} ${wrong}` }] : []
  })

function fault({ component, messages, hasEventField }: LogLine): string | undefined {
  if (messages.length === 0)
    return 'logs a message that is no constant text. Log a constant one, from which the logger makes the event, and put what varies into fields.'
  if (component === undefined)
    return "logs without a component. Add component: '…' to the fields, or log by one child of this file: log.child({ component: '…' })."
  if (!kebabCase.test(component)) return `logs with the component "${component}". Write it in lower case, with hyphens.`
  if (hasEventField) return 'logs a field called event. Rename it: the logger makes the event from the message.'
  const long = messages.find((message) => headOf(message).length > maxHead)
  if (long)
    return `logs "${long}". Put a comma after the first ${maxHead} letters at most: the words before it are the event.`
  return undefined
}

const headOf = (message: string) => message.split(/[,;:]|\s[-–]\s/, 1)[0] ?? ''
