export type { MailCode, TemplateDefinition } from './define-template.ts'
export { insertMail, insertMails, type Mail } from './insert-mail.ts'
export { findLinkToken } from './link-token.ts'
export { isMailCode, mailCode } from './mail-code.ts'
export { emailIdOfToken, isMailToken, mailToken } from './mail-token.ts'
export { optOutToken, userIdOfOptOut } from './opt-out.ts'
export { type PageLink, pageLinks } from './page-links.ts'
export {
  type CodeTemplateName,
  isTemplateName,
  type TemplateData,
  type TemplateName,
  type TokenTemplateName,
  templates,
} from './templates.ts'
