/** Reads a variable that the global setup of the test run has set. */
export function fromSetup(name: `MUSTER_TEST_${string}`): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set: run the tests with \`vitest run --config vitest.workspace.ts\`.`)
  return value
}
