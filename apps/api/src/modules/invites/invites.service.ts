import { newId, type Trx } from '@muster/db'
import { DomainError } from '@muster/errors'
import type { TransactContext } from '@muster/jobs/outbox'
import { insertMail, templates } from '@muster/mail'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import { claimOrReplay, type Idempotency } from '../../http/idempotency.ts'
import { rateLimited } from '../../http/limits.ts'
import { isUniqueViolation } from '../../sql/unique-violation.ts'
import { findUserByEmail, type UserRow } from '../accounts/accounts.service.ts'
import { lockActor } from '../accounts/lock-actor.ts'
import { assertMayChange, assertMayInvite, isVouchedFor, seenInviter, statusOf, toInvite } from './invite-rules.ts'
import * as queries from './invites.queries.ts'
import type { Invite, InvitedRole, InviteStatus, InvitesQuery, NewInvite } from './invites.schema.ts'
import { countInvites, listInvites as listRows } from './invites-list.queries.ts'

type InviteDeps = Pick<Deps, 'db' | 'transact' | 'clock'>
type Doing = { actor: Actor; origin: Origin; now: Date }

/** How long a link works after its mail was ordered. */
const termMs = templates.invite.token.ttlMs
/** So that nobody is written to for ever, whoever it is that invites them. */
const maxMailsOfDay = 10

/**
 * Invites an address by a mail with a link. The same idempotency key and body give the same invitation again.
 * @throws DomainError ROLE_NOT_ALLOWED, INVITE_OPEN, ALREADY_EXISTS for who is there already, IDEMPOTENCY_MISMATCH,
 *   RATE_LIMITED when the address was written to too often
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
  }).catch(orOpen)
  return toInvite(await mustFind(db, id), now)
}

/** A page of the invitations that the actor sees, the newest first. */
export async function listInvites({ db, clock }: InviteDeps, actor: Actor, { status, page, limit }: InvitesQuery) {
  const now = clock.now()
  const filter = { inviterId: seenInviter(actor), status, now }
  const [rows, total] = await Promise.all([
    listRows(db, filter, { limit, offset: (page - 1) * limit }),
    countInvites(db, filter),
  ])
  const pagination = { page, limit, total, totalPages: Math.ceil(total / limit), nextCursor: null }
  return { invites: rows.map((row) => toInvite(row, now)), pagination }
}

/**
 * Mails a new link, good for a whole term; the links before it are worth nothing from now on. Also for an invitation that
 * ran out.
 * @throws DomainError NOT_FOUND, FORBIDDEN, ROLE_NOT_ALLOWED, CONFLICT, INVITE_OPEN, RATE_LIMITED
 */
export async function resendInvite(
  { db, transact, clock }: InviteDeps,
  actor: Actor,
  id: string,
  origin: Origin,
): Promise<Invite> {
  const now = clock.now()
  await transact(async (tx) => {
    const { lockedActor } = await lockActor(tx.trx, actor)
    const row = await queries.lockById(tx.trx, id)
    assertMayChange(lockedActor, row)
    if (row.status === 'accepted' || row.status === 'revoked') throw hasEnded(row.status)
    if (!isVouchedFor(row))
      throw new DomainError('CONFLICT', { message: 'Who sent this invitation may not do so any more. Invite anew.' })
    const term = await mailLink(
      tx,
      { ...row, invitedBy: row.inviter_name, organizationName: row.organization_name },
      now,
    )
    await queries.dropWaitingMail(tx.trx, row.email_id)
    await queries.update(tx.trx, id, { status: 'pending', ...term }, now)
    tx.audit({
      ...eventOn(id, { actor, origin }),
      action: 'invite.resent',
      before: { expiresAt: row.expires_at.toISOString() },
      after: { expiresAt: term.expires_at.toISOString() },
    })
  }).catch(orOpen)
  return toInvite(await mustFind(db, id), now)
}

/**
 * Takes an invitation back; its link is worth nothing from now on. One that has ended otherwise stays as it is.
 * @throws DomainError NOT_FOUND, FORBIDDEN, ROLE_NOT_ALLOWED, CONFLICT when it was accepted
 */
export async function revokeInvite(
  { db, transact, clock }: InviteDeps,
  actor: Actor,
  id: string,
  origin: Origin,
): Promise<Invite> {
  const now = clock.now()
  await transact(async (tx) => {
    const { lockedActor } = await lockActor(tx.trx, actor)
    const row = await queries.lockById(tx.trx, id)
    assertMayChange(lockedActor, row)
    if (row.status === 'accepted') throw hasEnded('accepted')
    if (row.status === 'pending') await end(tx, row, 'revoked', { actor, origin, now })
  })
  return toInvite(await mustFind(db, id), now)
}

const hasEnded = (status: 'accepted' | 'revoked') =>
  new DomainError('CONFLICT', { message: `This invitation has been ${status}.` })

/** Everything that an invitation is: the mail, the row, the event. */
async function writeInvite(
  tx: TransactContext,
  { id, email, role, organizationName: newName }: NewInvite & { id: string },
  inviter: UserRow,
  { actor, origin, now }: Doing,
): Promise<void> {
  assertMayInvite(actor.role, role)
  if (email === inviter.email) throw new DomainError('ALREADY_EXISTS', { message: 'This is your own e-mail.' })
  const organizationId = role === 'client_user' ? inviter.organization_id : null
  if (organizationId) await refuseMember(tx.trx, email, organizationId)
  await endUseless(tx, email, { actor, origin, now })
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
  // Without the address, which the row tells as long as its owner wants it to.
  const after = { role, organizationId, organizationName, expiresAt: term.expires_at.toISOString() }
  tx.audit({ ...eventOn(id, { actor, origin }), action: 'invite.created', after })
}

/** Who invites sees the members of their organization anyhow. Whether anybody else has an account they are not told. */
async function refuseMember(trx: Trx, email: string, organizationId: string): Promise<void> {
  const owner = await findUserByEmail(trx, email)
  if (owner?.organization_id === organizationId)
    throw new DomainError('ALREADY_EXISTS', { message: 'A member of your organization has this e-mail.' })
}

/** Ends an invitation of the address that nobody can accept any more, so that it is not in the way of a new one. */
async function endUseless(tx: TransactContext, email: string, { actor, origin, now }: Doing): Promise<void> {
  const open = await queries.lockPending(tx.trx, email)
  if (!open) return
  const isOver = statusOf(open, now) === 'expired'
  if (!isOver && isVouchedFor(open)) throw new DomainError('INVITE_OPEN')
  await end(tx, open, isOver ? 'expired' : 'revoked', { actor, origin, now })
}

async function end(
  tx: TransactContext,
  { id, email_id }: queries.InviteRow,
  status: 'expired' | 'revoked',
  { actor, origin, now }: Doing,
): Promise<void> {
  await queries.update(tx.trx, id, { status }, now)
  await queries.dropWaitingMail(tx.trx, email_id)
  tx.audit({
    ...eventOn(id, { actor, origin }),
    action: `invite.${status}`,
    before: { status: 'pending' satisfies InviteStatus },
    after: { status },
  })
}

type Link = { email: string; role: InvitedRole; organizationName: string | null; invitedBy: string }

/** Orders the mail with a new link. @returns what the row keeps of it. @throws DomainError RATE_LIMITED */
async function mailLink(tx: TransactContext, { email, ...data }: Link, now: Date) {
  const { mails, waitMs } = await queries.countMailsOfDay(tx.trx, email)
  if (mails >= maxMailsOfDay) throw rateLimited(waitMs)
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

const eventOn = (id: string, { actor, origin }: Omit<Doing, 'now'>) => ({
  actorId: actor.userId,
  targetType: 'invite',
  targetId: id,
  context: origin,
})

/** Of two invitations at once for one address Postgres lets one through. */
function orOpen(error: unknown): never {
  throw isUniqueViolation(error, 'invites_open_email') ? new DomainError('INVITE_OPEN') : error
}

async function mustFind(db: Deps['db'], id: string): Promise<queries.InviteRow> {
  const row = await queries.findById(db, id)
  // Its organization went in the same moment, and it went along.
  if (!row) throw new DomainError('NOT_FOUND')
  return row
}
