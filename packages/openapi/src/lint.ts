import { fileURLToPath } from 'node:url'
import { lintFromString, loadConfig } from '@redocly/openapi-core'
import spectralCore from '@stoplight/spectral-core'
import { oas } from '@stoplight/spectral-rulesets'

const { Ruleset, Spectral } = spectralCore

const redoclyConfig = fileURLToPath(new URL('../../../redocly.yaml', import.meta.url))

/** Checks an OpenAPI document with Redocly (by redocly.yaml) and Spectral (its OpenAPI rules). @returns one line for each finding */
export async function lintOpenApi(document: string): Promise<string[]> {
  return [...(await lintWithRedocly(document)), ...(await lintWithSpectral(document))]
}

async function lintWithRedocly(source: string): Promise<string[]> {
  const problems = await lintFromString({ source, config: await loadConfig({ configPath: redoclyConfig }) })
  return problems.map(
    ({ ruleId, message, location }) =>
      `redocly ${ruleId} at ${location.map(({ pointer }) => pointer).join(', ')}: ${message}`,
  )
}

async function lintWithSpectral(source: string): Promise<string[]> {
  const spectral = new Spectral()
  spectral.setRuleset(new Ruleset({ extends: [[oas, 'recommended']] } as never))
  const problems = await spectral.run(source)
  return problems.map(({ code, message, path }) => `spectral ${code} at ${path.join('.')}: ${message}`)
}
