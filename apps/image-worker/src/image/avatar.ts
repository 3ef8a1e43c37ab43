import { pipelineOf, run } from './engine.ts'
import { inspect } from './inspect.ts'

const side = { width: 512, height: 512 }
const quality = 80

/**
 * Makes an avatar: the centre square of the image, upright, 512×512, WebP, still, without metadata.
 * @throws UnusableImage with a reason for the user
 */
export async function makeAvatar(path: string): Promise<Buffer> {
  await inspect(path)
  const picture = pipelineOf(path)
    .autoOrient()
    .resize({ ...side, fit: 'cover' })
  const { data } = await run(picture.webp({ quality }))
  return data
}
