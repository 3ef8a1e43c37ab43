/** The part of the SDK in use. It is a module of its own, since a bundle cannot import CommonJS code dynamically by the names of its exports. */
export {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
