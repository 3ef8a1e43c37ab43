import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { clientEvents, serverEvents } from '../events/index.ts'
import { printType } from './print-type.ts'

/**
 * Writes docs/realtime.md: page.md with the events and shapes that the code validates and emits. `--check` writes nothing and fails when
 * the page is out of date.
 */
const target = join(import.meta.dirname, '../../../../docs/realtime.md')

type JsonSchema = z.core.JSONSchema.BaseSchema
const shapes = new Map<string, JsonSchema>()

/** Converts a schema, and keeps the named ones inside of it. */
function toJson(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $defs = {}, ...json } = z.toJSONSchema(schema, { io }) as JsonSchema
  for (const [name, shape] of Object.entries($defs as Record<string, JsonSchema>)) shapes.set(name, shape)
  return json
}

const block = (...lines: string[]) => ['```ts', ...lines, '```'].join('\n')
const section = (name: string, description: string | undefined, ...lines: string[]) =>
  [`#### ${name}`, ...(description ? [description] : []), block(...lines)].join('\n\n')

const sections: Record<string, () => string> = {
  'server events': () =>
    Object.entries(serverEvents)
      .map(([name, schema]) => section(name, schema.description, printType(toJson(schema, 'output'))))
      .join('\n\n'),
  'client events': () =>
    Object.entries(clientEvents)
      .map(([name, { payload, data }]) =>
        section(
          name,
          payload.description,
          `payload: ${printType(toJson(payload, 'input'))}`,
          `data: ${printType(toJson(data, 'output'))}`,
        ),
      )
      .join('\n\n'),
  // Last: the events name the shapes.
  shapes: () =>
    [...shapes]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, shape]) => section(name, shape.description, `type ${name} = ${printType(shape)}`))
      .join('\n\n'),
}

const written = Object.fromEntries(Object.entries(sections).map(([name, write]) => [name, write()]))
const page = await readFile(join(import.meta.dirname, 'page.md'), 'utf8')
const source = page.replace(/{{(.+?)}}/g, (_, name: string) => written[name] ?? '')
if (!process.argv.includes('--check')) {
  await writeFile(target, source)
} else if (source !== (await readFile(target, 'utf8').catch(() => ''))) {
  console.error('docs/realtime.md is not what the events give: run `pnpm --filter @muster/realtime guide:write`.')
  process.exit(1)
}
