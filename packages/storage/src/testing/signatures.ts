import { createHash } from 'node:crypto'

/**
 * Cloudinary, "Generating authentication signatures": all parameters but `file`, `cloud_name`, `resource_type`,
 * `api_key` and `signature`, sorted by name, as `name=value` joined by `&` (an `&` inside is `%26`), and the secret
 * right behind; its digest in hex.
 */
export function requestSignature(
  params: Record<string, string>,
  { apiSecret, signatureAlgorithm }: { apiSecret: string; signatureAlgorithm: string },
): string {
  const signed = Object.entries(params)
    .filter(([name, value]) => !['file', 'cloud_name', 'resource_type'].includes(name) && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`.replaceAll('&', '%26'))
  return createHash(signatureAlgorithm)
    .update(signed.join('&') + apiSecret)
    .digest('hex')
}

/**
 * Cloudinary, "Signed delivery URLs": of the address behind the version and the secret, the first 8 characters of the
 * digest in URL-safe base64, or 32 of SHA-256.
 */
export function deliverySignatures(
  publicId: string,
  { apiSecret, signatureAlgorithm }: { apiSecret: string; signatureAlgorithm: string },
): string[] {
  const digest = (algorithm: string) =>
    createHash(algorithm)
      .update(publicId + apiSecret)
      .digest('base64url')
  return [digest(signatureAlgorithm).slice(0, 8), digest('sha256').slice(0, 32)]
}
