import { run } from './engine.ts'
import { inspect } from './inspect.ts'
import { openStill } from './source.ts'

const side = { width: 512, height: 512 }
const quality = 80

/**
 * Makes an avatar: the centre square of the image, upright, 512×512, WebP, still, without metadata.
 * @throws UnusableImage with a reason for the user
 */
export async function makeAvatar(path: string): Promise<Buffer> {
  const picture = await openStill(path, await inspect(path))
  const { data } = await run(picture.resize({ ...side, fit: 'cover' }).webp({ quality }))
  return data
}
