import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const text = '**/*.{css,html,js,json,map,svg,txt,webmanifest,xml}'
const brotliOptions = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  },
}

/** Writes `.br` and `.gz` beside each text file of a folder where they are smaller, so that no server compresses it again for each answer. */
export async function precompress(folder: string): Promise<void> {
  await Promise.all(
    globSync(text, { cwd: folder }).map(async (name) => {
      const path = join(folder, name)
      const bytes = await readFile(path)
      const [br, gz] = await Promise.all([
        promisify(brotliCompress)(bytes, brotliOptions),
        promisify(gzip)(bytes, { level: constants.Z_BEST_COMPRESSION }),
      ])
      if (br.length < bytes.length) await writeFile(`${path}.br`, br)
      if (gz.length < bytes.length) await writeFile(`${path}.gz`, gz)
    }),
  )
}
