import { createHash } from 'node:crypto'

/**
 * Computes the signature of a request (Cloudinary, "Generating authentication signatures"): the digest in hex of all
 * parameters but `file`, `cloud_name`, `resource_type`, `api_key` and `signature`, sorted by name, as `name=value`
 * joined by `&` (an `&` inside becomes `%26`), followed by the secret.
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
 * Computes the signatures of a delivery URL (Cloudinary, "Signed delivery URLs"): the first 8 characters, or 32 for
 * SHA-256, of the digest in URL-safe base64 of the path after the version, followed by the secret.
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
