import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { clientSourceOf } from '@muster/openapi/client-source'
import { readEventSchemas } from './event-schemas.ts'
import { readOpenApiDocument } from './openapi-document.ts'

/** Fails when the generated sources of `packages/client` do not fit the routes and events; writes them with `--write`. */
const folder = new URL('../../../../packages/client/src/generated/', import.meta.url)
const files = Object.entries(await clientSourceOf(await readOpenApiDocument(), readEventSchemas()))

if (process.argv.includes('--write')) {
  for (const [name, content] of files) await writeFile(new URL(name, folder), content)
} else {
  const stale: string[] = []
  for (const [name, content] of files) {
    const present = await readFile(new URL(name, folder), 'utf8').catch(() => '')
    if (present !== content) stale.push(fileURLToPath(new URL(name, folder)))
  }
  console.log(
    stale.length === 0
      ? 'The client package fits the routes and events.'
      : `Generate anew, by \`npx pnpm --filter @muster/api client:write\`:\n${stale.join('\n')}`,
  )
  process.exitCode = stale.length === 0 ? 0 : 1
}
