import {
  type CallExpression,
  type Expression,
  type Node,
  type ObjectExpression,
  type Program,
  Visitor,
} from 'oxc-parser'
import type { Level, LogLine } from './read-log-lines.ts'

const levels = new Set<string>(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])

/** Finds the calls of loggers in a file, e.g. `deps.log.warn({ … }, '…')`, and the lines of `trackOutage({ … })`. */
export function findLogLines(file: string, text: string, program: Program): LogLine[] {
  const { calls, objects } = read(program)
  const named = new Set(
    calls.flatMap((call) => (calleeName(call.callee) === 'child' ? componentsIn(call.arguments[0]) : [])),
  )
  const ofFile = named.size === 1 ? [...named][0] : undefined
  return calls.flatMap((call) => {
    const place = { file, line: text.slice(0, call.start).split('\n').length }
    const [first, second] = call.arguments as (Expression | undefined)[]
    if (calleeName(call.callee) === 'trackOutage' && first?.type === 'ObjectExpression')
      return outageLines(first).map((line) => ({ ...place, ...line }))
    const level = levelOf(call.callee)
    if (!level) return []
    const fields = first?.type === 'Identifier' ? objects.get(first.name) : first
    const isMessageFirst = call.arguments.length === 1 && first?.type !== 'ObjectExpression'
    return [
      {
        ...place,
        level,
        messages: textsOf(isMessageFirst ? first : second) ?? [],
        component: componentsIn(fields)[0] ?? ofFile,
        hasEventField: fields?.type === 'ObjectExpression' && property(fields, 'event') !== undefined,
      },
    ]
  })
}

function outageLines(options: ObjectExpression): Omit<LogLine, 'file' | 'line'>[] {
  const [component] = componentsIn(property(options, 'fields'))
  const common = { component, hasEventField: false }
  return [
    { level: 'warn', messages: textsOf(property(options, 'down')) ?? [], ...common },
    { level: 'info', messages: textsOf(property(options, 'up')) ?? [], ...common },
  ]
}

/** Returns the level of a call of a logger: of `warn` on something that is called `log` or `logger`. */
function levelOf(callee: Node): Level | undefined {
  if (callee.type !== 'MemberExpression' || callee.computed || callee.property.type !== 'Identifier') return
  const { name } = callee.property
  return levels.has(name) && /^log(ger)?$/.test(calleeName(callee.object) ?? '') ? (name as Level) : undefined
}

/** Returns the last name of an expression: `log` of `deps.log`. */
function calleeName(node: Node): string | undefined {
  if (node.type === 'Identifier') return node.name
  if (node.type === 'MemberExpression' && node.property.type === 'Identifier') return node.property.name
  return undefined
}

/** Returns the constant texts that an expression may be; undefined when it may be anything else. */
function textsOf(node: Node | undefined): string[] | undefined {
  if (node?.type === 'Literal' && typeof node.value === 'string') return [node.value]
  if (node?.type !== 'ConditionalExpression') return undefined
  const [one, other] = [textsOf(node.consequent), textsOf(node.alternate)]
  return one && other && [...one, ...other]
}

/** Returns the constant `component` of an object literal. */
function componentsIn(node: Node | undefined): string[] {
  return node?.type === 'ObjectExpression' ? (textsOf(property(node, 'component')) ?? []) : []
}

function property(object: ObjectExpression, name: string): Node | undefined {
  const found = object.properties.find(
    (one) => one.type === 'Property' && one.key.type === 'Identifier' && one.key.name === name,
  )
  return found?.type === 'Property' ? found.value : undefined
}

/** Lists the calls of a file, and the object literals that it gives names. */
function read(program: Program) {
  const calls: CallExpression[] = []
  const objects = new Map<string, ObjectExpression>()
  new Visitor({
    CallExpression: (call) => void calls.push(call),
    VariableDeclarator({ id, init }) {
      if (id.type === 'Identifier' && init?.type === 'ObjectExpression') objects.set(id.name, init)
    },
  }).visit(program)
  return { calls, objects }
}
