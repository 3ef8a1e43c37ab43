import { createServer } from 'vite'
import { webFolder } from './folders.ts'

/**
 * Serves the pages from their sources at the port in the first argument. Browsers load them through the API, under whose address the
 * cookies are; only the socket of hot replacements leads here.
 */
process.chdir(webFolder)
const host = '127.0.0.1'
const port = Number(process.argv[2])
const server = await createServer({
  root: webFolder,
  clearScreen: false,
  server: { host, port, strictPort: true, hmr: { host, clientPort: port } },
})
await server.listen()
const stop = () => void server.close().then(() => process.exit(0))
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
