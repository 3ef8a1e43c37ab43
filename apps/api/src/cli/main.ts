import { runCommand } from './run-command.ts'

const { env, stdin, stdout, stderr } = process

// A reader that closes the pipe early (`| head`) is not an error.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit()
  throw error
})

process.exitCode = await runCommand(process.argv.slice(2), { env, stdin, stdout, stderr, signals: process })
// A connection to a server that is frozen would keep the process from ending.
stdout.write('', () => stderr.write('', () => process.exit()))
