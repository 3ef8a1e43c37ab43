/** The names of files that the server takes; what it says about the content counts. */
export const acceptedFiles =
  '.jpg,.jpeg,.jpe,.jfif,.pjpeg,.pjp,.png,.gif,.webp,.pdf,.txt,.doc,.docx,.xls,.xlsx,.ppt,.pptx'
