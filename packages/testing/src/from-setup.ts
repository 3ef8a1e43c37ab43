/** Reads a variable that the global setup of the test run has set. */
export function fromSetup(name: `MUSTER_TEST_${string}`): string {
  const value = process.env[name]
  if (value) return value
  throw new Error(
    `${name} is not set. The services start for packages that name @muster/testing in their package.json, when the tests run ` +
      "by `npm test` or in the package's folder.",
  )
}
