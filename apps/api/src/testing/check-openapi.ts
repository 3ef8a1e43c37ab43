import { lintOpenApi } from '@muster/openapi/lint'
import { readOpenApiDocument } from './openapi-document.ts'

/** Fails when Redocly or Spectral finds something in the OpenAPI document. */
const findings = await lintOpenApi(await readOpenApiDocument())
console.log(findings.length === 0 ? 'The OpenAPI document passes Redocly and Spectral.' : findings.join('\n'))
process.exitCode = findings.length === 0 ? 0 : 1
