import { newId, type Trx } from '@muster/db'
import { DomainError, detailOf } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, templates } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { eventOn } from '../../http/event-on.ts'
import { claimOrReplay, type Idempotency } from '../../http/idempotency.ts'
import { rateLimited } from '../../http/limits/limits.ts'
import { numberedPage } from '../../http/pagination.ts'
import type { Reads } from '../../http/reads/reads.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { findUserByEmail, type UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import {
  assertMayChange,
  assertMayInvite,
  isStillPermitted,
  statusOf,
  toInvite,
  visibleInviter,
} from './invite-rules.ts'
import * as queries from './invites.queries.ts'
import type { Invite, InvitedRole, InviteStatus, InvitesQuery, NewInvite } from './invites.schema.ts'
import { countInvites, listInvites as listRows } from './invites-list.queries.ts'
import { signalInvite } from './signal-invite.ts'

type InviteDeps = Pick<Deps, 'db' | 'transact' | 'clock'>
type Action = { actor: Actor; origin: Origin; note?: string | undefined; now: Date }

/** How long a link works after its mail was enqueued. */
const termMs = templates.invite.token.ttlMs
/** Bounds the mails to one address, from all inviters together. */
const maxMailsPerDay = 10

/**
 * Invites an address by a mail with a link. The same idempotency key and body return the same invitation again.
 * @throws DomainError ROLE_NOT_ALLOWED, INVITE_OPEN, ALREADY_EXISTS for a member of the organization and for the actor's
 *   own address, IDEMPOTENCY_MISMATCH, RATE_LIMITED when the address has got too many mails today
 */
export async function createInvite(
  { db, transact, clock }: InviteDeps,
  actor: Actor,
  input: NewInvite,
  { idempotency, origin }: { idempotency: Idempotency | undefined; origin: Origin },
): Promise<Invite> {
  const now = clock.now()
  const newInviteId = newId()
  const id = await transact(async (tx) => {
    const { lockedActor, users } = await lockActor(tx.trx, actor)
    const claim = { actorId: actor.userId, resourceId: newInviteId, now }
    const known = await claimOrReplay(tx.trx, idempotency, claim)
    if (known) return known
    const inviter = users.get(actor.userId) as UserRow
    await writeInvite(tx, { ...input, id: newInviteId }, inviter, { actor: lockedActor, origin, now })
    return newInviteId
  }).catch(rethrowAsOpen)
  return toInvite(await mustFind(db, id), now)
}

/** Lists a page of the invitations that are visible to the actor, the newest first. */
export async function listInvites(
  { reads, clock }: { reads: Reads } & Pick<Deps, 'clock'>,
  actor: Actor,
  { page, limit, ...wanted }: InvitesQuery,
) {
  const now = clock.now()
  const { status, q, organizationId } = wanted
  const filter = { inviterId: visibleInviter(actor), status, q, organizationId, now }
  const [rows, total] = await reads.read(
    (db) => Promise.all([listRows(db, filter, { limit, offset: (page - 1) * limit }), countInvites(db, filter)]),
    'bySession',
  )
  const pagination = numberedPage({ page, limit, total })
  return { invites: rows.map((row) => toInvite(row, now)), pagination }
}

/**
 * Mails a new link, valid for a whole term; previous links no longer work. An expired invitation becomes pending again.
 * @throws DomainError NOT_FOUND, FORBIDDEN, ROLE_NOT_ALLOWED, CONFLICT, INVITE_OPEN, RATE_LIMITED
 */
export async function resendInvite(
  { db, transact, clock }: InviteDeps,
  actor: Actor,
  id: string,
  { origin, note }: { origin: Origin; note?: string | undefined },
): Promise<Invite> {
  const now = clock.now()
  await transact(async (tx) => {
    const { lockedActor } = await lockActor(tx.trx, actor)
    const row = await queries.lockById(tx.trx, id)
    assertMayChange(lockedActor, row)
    if (row.status === 'accepted' || row.status === 'revoked') throw hasEnded(row.status)
    if (!isStillPermitted(row))
      throw new DomainError('CONFLICT', {
        message: 'The sender of this invitation may no longer send it. Create a new invitation.',
      })
    const term = await mailLink(
      tx,
      { ...row, invitedBy: row.inviter_name, organizationName: row.organization_name },
      now,
    )
    await queries.dropQueuedMail(tx.trx, row.email_id)
    await queries.update(tx.trx, id, { status: 'pending', ...term }, now)
    signalInvite(tx, row)
    tx.audit({
      ...eventOn('invite', id, actor.userId, origin),
      action: 'invite.resent',
      before: { expiresAt: row.expires_at.toISOString() },
      after: { expiresAt: term.expires_at.toISOString(), ...(note && { note }) },
    })
  }).catch(rethrowAsOpen)
  return toInvite(await mustFind(db, id), now)
}

/**
 * Revokes an invitation: its link no longer works. An expired one stays as it is.
 * @throws DomainError NOT_FOUND, FORBIDDEN, ROLE_NOT_ALLOWED, CONFLICT when it was accepted
 */
export async function revokeInvite(
  { db, transact, clock }: InviteDeps,
  actor: Actor,
  id: string,
  { origin, note }: { origin: Origin; note?: string | undefined },
): Promise<Invite> {
  const now = clock.now()
  await transact(async (tx) => {
    const { lockedActor } = await lockActor(tx.trx, actor)
    const row = await queries.lockById(tx.trx, id)
    assertMayChange(lockedActor, row)
    if (row.status === 'accepted') throw hasEnded('accepted')
    if (row.status === 'pending') await end(tx, row, 'revoked', { actor, origin, note, now })
  })
  return toInvite(await mustFind(db, id), now)
}

const hasEnded = (status: 'accepted' | 'revoked') =>
  new DomainError('CONFLICT', {
    message: `This invitation has been ${status}.`,
    details: [detailOf('params.id', 'DONE_ALREADY', { what: status })],
  })

const emailPath = 'body.email'
const emailExists = (message: string, detail = detailOf(emailPath, 'ALREADY_EXISTS')) =>
  new DomainError('ALREADY_EXISTS', { message, details: [detail] })
const inviteOpen = () => new DomainError('INVITE_OPEN', { details: [detailOf(emailPath, 'ALREADY_INVITED')] })

/** Writes an invitation: its mail, its row and its audit event. */
async function writeInvite(
  tx: TransactContext,
  { id, email, role, organizationName: newName }: NewInvite & { id: string },
  inviter: UserRow,
  { actor, origin, now }: Action,
): Promise<void> {
  assertMayInvite(actor.role, role, 'body.role')
  if (email === inviter.email) throw emailExists('This is your own e-mail.', detailOf(emailPath, 'YOURSELF'))
  const organizationId = role === 'client_user' ? inviter.organization_id : null
  if (organizationId) await assertNotMember(tx.trx, email, organizationId)
  await endUnacceptable(tx, email, { actor, origin, now })
  const joined = organizationId ? await queries.findOrganizationName(tx.trx, organizationId) : undefined
  const organizationName = newName ?? joined ?? null
  const term = await mailLink(tx, { email, role, organizationName, invitedBy: inviter.name }, now)
  await queries.insert(tx.trx, {
    id,
    email,
    role,
    organization_id: organizationId,
    organization_name: newName ?? null,
    inviter_id: inviter.id,
    status: 'pending',
    ...term,
    created_at: now,
    updated_at: now,
  })
  signalInvite(tx, { id, inviter_id: inviter.id })
  // Without the address: audit events stay when the row is deleted or made anonymous.
  const after = { role, organizationId, organizationName, expiresAt: term.expires_at.toISOString() }
  tx.audit({ ...eventOn('invite', id, actor.userId, origin), action: 'invite.created', after })
}

/**
 * Refuses to invite a member of the same organization, whom the inviter can see anyway. Whether any other address has an
 * account is not revealed.
 */
async function assertNotMember(trx: Trx, email: string, organizationId: string): Promise<void> {
  const owner = await findUserByEmail(trx, email)
  if (owner?.organization_id === organizationId) throw emailExists('A member of your organization has this e-mail.')
}

/** Ends the address's pending invitation if it can no longer be accepted. @throws DomainError INVITE_OPEN if it can */
async function endUnacceptable(tx: TransactContext, email: string, { actor, origin, now }: Action): Promise<void> {
  const open = await queries.lockPending(tx.trx, email)
  if (!open) return
  const isExpired = statusOf(open, now) === 'expired'
  if (!isExpired && isStillPermitted(open)) throw inviteOpen()
  await end(tx, open, isExpired ? 'expired' : 'revoked', { actor, origin, now })
}

async function end(
  tx: TransactContext,
  { id, email_id, inviter_id }: queries.InviteRow,
  status: 'expired' | 'revoked',
  { actor, origin, note, now }: Action,
): Promise<void> {
  await queries.update(tx.trx, id, { status }, now)
  signalInvite(tx, { id, inviter_id })
  await queries.dropQueuedMail(tx.trx, email_id)
  tx.audit({
    ...eventOn('invite', id, actor.userId, origin),
    action: `invite.${status}`,
    before: { status: 'pending' satisfies InviteStatus },
    after: { status, ...(note && { note }) },
  })
}

type Link = { email: string; role: InvitedRole; organizationName: string | null; invitedBy: string }

/** Enqueues the mail with a new link. @returns the columns of the row that refer to it. @throws DomainError RATE_LIMITED */
async function mailLink(tx: TransactContext, { email, ...data }: Link, now: Date) {
  const { mails, waitMs } = await queries.countMailsOfDay(tx.trx, email)
  if (mails >= maxMailsPerDay) throw rateLimited(waitMs)
  const expiresAt = new Date(now.getTime() + termMs)
  const { role, organizationName, invitedBy } = data
  const emailId = await insertMail(tx, {
    template: 'invite',
    to: email,
    data: { role, organizationName, invitedBy },
    expiresAt,
  })
  return { email_id: emailId, expires_at: expiresAt }
}

/** Maps the unique violation of a parallel invitation for the same address to INVITE_OPEN. */
function rethrowAsOpen(error: unknown): never {
  throw isUniqueViolation(error, 'invites_open_email') ? inviteOpen() : error
}

async function mustFind(db: Deps['db'], id: string): Promise<queries.InviteRow> {
  const row = await queries.findById(db, id)
  // Its organization was deleted at the same moment, and the invitation with it.
  if (!row) throw new DomainError('NOT_FOUND')
  return row
}
