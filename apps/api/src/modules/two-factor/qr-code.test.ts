import decodeQR from 'qr/decode.js'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { qrCodeDataUrl } from './qr-code.ts'

test.each([
  'otpauth://totp/Muster:anna.lee%40example.com?issuer=Muster&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
  `otpauth://totp/Muster:${'x'.repeat(254)}?issuer=Muster&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP`,
])('a picture decodes to the address that it was drawn from', async (address) => {
  const png = Buffer.from(qrCodeDataUrl(address).replace('data:image/png;base64,', ''), 'base64')
  const { data, info } = await sharp(png).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  expect(decodeQR({ width: info.width, height: info.height, data })).toBe(address)
})
