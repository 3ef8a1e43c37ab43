/** The types of images of which the server makes a picture of a person or a group. */
export const imageTypes = 'image/jpeg,image/png,image/gif,image/webp'
