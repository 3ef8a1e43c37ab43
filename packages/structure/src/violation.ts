import type { Import } from './imports.ts'
import type { LogLine } from './log-lines/read-log-lines.ts'
import type { RepositoryPath } from './repository-paths.ts'
import type { TurboInputs } from './turbo-inputs.ts'
import type { Workspace } from './workspace.ts'

/** The input of every rule. */
export type Structure = {
  workspace: Workspace
  imports: readonly Import[]
  paths: readonly RepositoryPath[]
  inputsOf: TurboInputs
  logLines: readonly LogLine[]
}

export type Violation = {
  /** Name of the rule, for grouping. */
  rule: string
  /** The file that has to change. */
  file: string
  /** One or two sentences: what is wrong and what to do. */
  message: string
}

export type Rule = (structure: Structure) => Violation[]
