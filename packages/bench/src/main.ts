// pnpm passes on the `--` that separates its own options.
const [command, ...rest] = process.argv.slice(2).filter((arg) => arg !== '--')

// Loaded when they are needed: the rows load everything that is measured.
if (command === 'scale') {
  const { runScale } = await import('./scale/main.ts')
  process.exitCode = await runScale(rest)
} else if (command?.startsWith('--url') || rest.some((arg) => arg.startsWith('--url'))) {
  const { runRemote } = await import('./remote/run-remote.ts')
  process.exitCode = await runRemote([command as string, ...rest]).catch((error: Error) => {
    console.error(error.message)
    return 1
  })
} else {
  const { runRows } = await import('./run-rows.ts')
  await runRows(command === undefined ? [] : [command, ...rest])
}
