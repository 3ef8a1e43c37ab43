/** A module of its own, since a bundle cannot import CommonJS code dynamically by the names of its exports. */
export { v2 } from 'cloudinary'
