import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { eventually } from '@muster/testing'
import { expect, test } from 'vitest'
import { password, registered } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { dataOf } from '../../testing/succeeded.ts'
import { buildTestApp } from '../../testing/test-app.ts'

const page = fileURLToPath(new URL('../../../../../docs/realtime.md', import.meta.url))
const client = fileURLToPath(new URL('../../../../../packages/client', import.meta.url))

test('the example of docs/realtime.md has at most 60 lines and does what it says', async () => {
  const [, example = ''] =
    /<!-- A test runs this example. -->\n```ts\n([\s\S]*?)```/.exec(await readFile(page, 'utf8')) ?? []
  expect(example.trimEnd().split('\n').length).toBeLessThanOrEqual(60)
  const folder = await mkdtemp(join(tmpdir(), 'muster-example-'))
  await mkdir(join(folder, 'node_modules/@muster'), { recursive: true })
  await symlink(client, join(folder, 'node_modules/@muster/client'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  await writeFile(join(folder, 'example.ts'), example)
  const api = await buildTestApp()
  try {
    const MUSTER_URL = await api.listen()
    const [ann, bert] = [await registered(api), await registered(api)]
    const { request } = dataOf(await ann.client.inject('POST', '/api/v1/friends/requests', { userId: bert.id }))
    await bert.client.inject('POST', `/api/v1/friends/requests/${request.id}/accept`)

    const output = { text: '' }
    const env = { ...process.env, MUSTER_URL, EMAIL: ann.email, PASSWORD: password, FRIEND: bert.username }
    const ended = new Promise<string>((resolve, reject) => {
      const child = execFile(
        process.execPath,
        ['example.ts'],
        { cwd: folder, env, timeout: 50_000 },
        (error, out, err) => (error ? reject(new Error(`${out}${err}`)) : resolve(out)),
      )
      child.stdout?.on('data', (chunk) => {
        output.text += chunk
      })
    })
    await Promise.race([ended, eventually(() => expect(output.text).toContain('How are the ferns?'))])
    const { chats } = dataOf(await bert.client.inject('GET', '/api/v1/chats'))
    const answer = { clientId: crypto.randomUUID(), body: 'They grow.' }
    await bert.client.inject('POST', `/api/v1/chats/${chats[0].id}/messages`, answer)
    expect(await ended).toMatch(/connection open[\s\S]*Good morning![\s\S]*How are the ferns\?[\s\S]*They grow\./)
  } finally {
    await api.close()
    await rm(folder, { recursive: true, force: true })
  }
})
