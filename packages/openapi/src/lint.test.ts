import { expect, test } from 'vitest'
import { lintOpenApi } from './lint.ts'

test('a document is found faulty by Redocly and by Spectral', async () => {
  const responses = { 200: { description: 'Done.' } }
  const document = { openapi: '3.1.0', info: { title: 'T', version: '1' }, paths: { '/a': { get: { responses } } } }
  const findings = await lintOpenApi(JSON.stringify(document))
  expect(findings).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^redocly security-defined at #\/paths\/~1a\/get: /),
      expect.stringMatching(/^spectral operation-operationId at paths.\/a.get: /),
    ]),
  )
})
