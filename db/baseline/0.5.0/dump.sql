SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

CREATE FUNCTION public.audit_ensure_partition(moment timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
    declare
      first_day date := date_trunc('month', moment at time zone 'UTC');
      name text := format('audit_events_%s', to_char(first_day, 'YYYY_MM'));
    begin
      if to_regclass(name) is not null then return; end if;
      execute format('create table %I partition of audit_events for values from (%L) to (%L)', name,
        first_day::timestamp at time zone 'UTC', (first_day + interval '1 month') at time zone 'UTC');
      -- A trigger on truncate is not inherited by partitions.
      execute format('create trigger audit_events_no_truncate before truncate on %I
        for each statement execute function audit_refuse_change()', name);
    end $$;

CREATE FUNCTION public.audit_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    begin
      raise exception '% is refused: % is append-only', tg_op, tg_table_name using errcode = 'insufficient_privilege';
    end $$;

SET default_tablespace = '';

SET default_table_access_method = heap;

CREATE TABLE public.attachments (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    organization_id uuid,
    uploader_id uuid,
    filename text NOT NULL,
    content_type text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    size_bytes bigint NOT NULL,
    storage_key text NOT NULL,
    thumbnail_key text,
    width_px integer,
    height_px integer,
    original_size_bytes bigint NOT NULL,
    optimized_size_bytes bigint,
    failure_reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT attachments_check CHECK (((status = 'failed'::text) = (failure_reason IS NOT NULL))),
    CONSTRAINT attachments_filename_check CHECK (((char_length(filename) >= 1) AND (char_length(filename) <= 255))),
    CONSTRAINT attachments_kind_check CHECK ((kind = ANY (ARRAY['image'::text, 'document'::text]))),
    CONSTRAINT attachments_size_bytes_check CHECK ((size_bytes >= 0)),
    CONSTRAINT attachments_status_check CHECK ((status = ANY (ARRAY['processing'::text, 'ready'::text, 'failed'::text])))
);

CREATE TABLE public.audit_chain_head (
    only_row boolean DEFAULT true NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_chain_head_only_row_check CHECK (only_row)
);

CREATE TABLE public.audit_checkpoints (
    from_seq bigint NOT NULL,
    to_seq bigint NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_checkpoints_check CHECK ((to_seq >= from_seq))
);

CREATE TABLE public.audit_events (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    actor_id uuid,
    target_type text NOT NULL,
    target_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    personal_digest bytea NOT NULL,
    key_id text NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
)
PARTITION BY RANGE (created_at);

CREATE TABLE public.audit_events_2026_11 (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    actor_id uuid,
    target_type text NOT NULL,
    target_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    personal_digest bytea NOT NULL,
    key_id text NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.audit_events_2026_12 (
    seq bigint NOT NULL,
    id uuid NOT NULL,
    action text NOT NULL,
    actor_id uuid,
    target_type text NOT NULL,
    target_id text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    personal_digest bytea NOT NULL,
    key_id text NOT NULL,
    previous_hash bytea NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE public.audit_pending (
    id uuid NOT NULL,
    action text NOT NULL,
    actor_id uuid,
    target_type text NOT NULL,
    target_id text NOT NULL,
    ip text,
    user_agent text,
    request_id text,
    before jsonb,
    after jsonb,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

CREATE TABLE public.audit_personal (
    event_id uuid NOT NULL,
    salt bytea NOT NULL,
    ip text,
    user_agent text,
    request_id text,
    before jsonb,
    after jsonb
);

CREATE TABLE public.blocks (
    blocker_id uuid NOT NULL,
    blocked_id uuid NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT blocks_check CHECK ((blocker_id <> blocked_id))
);

CREATE TABLE public.digest_deliveries (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    local_date date NOT NULL,
    scheduled_at timestamp with time zone NOT NULL,
    status text NOT NULL,
    failure_reason text,
    late boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT digest_deliveries_check CHECK (((status = 'failed'::text) = (failure_reason IS NOT NULL))),
    CONSTRAINT digest_deliveries_status_check CHECK ((status = ANY (ARRAY['sent'::text, 'failed'::text])))
);

CREATE TABLE public.due_notices (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    user_id uuid NOT NULL,
    kind text NOT NULL,
    due_date timestamp with time zone NOT NULL,
    status text NOT NULL,
    failure_reason text,
    late boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT due_notices_check CHECK (((status = 'failed'::text) = (failure_reason IS NOT NULL))),
    CONSTRAINT due_notices_kind_check CHECK ((kind = ANY (ARRAY['upcoming'::text, 'overdue'::text]))),
    CONSTRAINT due_notices_status_check CHECK ((status = ANY (ARRAY['sent'::text, 'failed'::text])))
);

CREATE TABLE public.email_messages (
    id uuid NOT NULL,
    template text NOT NULL,
    to_address text NOT NULL,
    user_id uuid,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    status text DEFAULT 'queued'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    code_version integer DEFAULT 1 NOT NULL,
    code_key_id text,
    expires_at timestamp with time zone,
    next_attempt_at timestamp with time zone,
    lease_token uuid,
    lease_until timestamp with time zone,
    error text,
    smtp_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    notification_id uuid,
    refused_at timestamp with time zone,
    CONSTRAINT email_messages_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'sending'::text, 'sent'::text, 'failed'::text, 'dropped'::text])))
);

CREATE TABLE public.email_suppressions (
    address text NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    smtp_answer text,
    email_id uuid
);

CREATE TABLE public.friendships (
    id uuid NOT NULL,
    requester_id uuid NOT NULL,
    addressee_id uuid NOT NULL,
    accepted_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT friendships_check CHECK ((requester_id <> addressee_id))
);

CREATE TABLE public.idempotency_keys (
    actor_id uuid NOT NULL,
    route text NOT NULL,
    key text NOT NULL,
    body_hash bytea NOT NULL,
    resource_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_key_check CHECK (((char_length(key) >= 1) AND (char_length(key) <= 64)))
);

CREATE TABLE public.invites (
    id uuid NOT NULL,
    email text NOT NULL,
    role text NOT NULL,
    organization_id uuid,
    organization_name text,
    inviter_id uuid NOT NULL,
    email_id uuid NOT NULL,
    status text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    accepted_by uuid,
    accepted_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT invites_check CHECK (((role = 'client_admin'::text) = (organization_name IS NOT NULL))),
    CONSTRAINT invites_check1 CHECK (((role <> 'client_user'::text) OR (organization_id IS NOT NULL))),
    CONSTRAINT invites_check2 CHECK (((status = 'accepted'::text) = (accepted_at IS NOT NULL))),
    CONSTRAINT invites_email_check CHECK (((email = lower(btrim(email))) AND (char_length(email) <= 254))),
    CONSTRAINT invites_organization_name_check CHECK (((char_length(organization_name) >= 1) AND (char_length(organization_name) <= 100))),
    CONSTRAINT invites_role_check CHECK ((role = ANY (ARRAY['site_admin'::text, 'operator'::text, 'client_admin'::text, 'client_user'::text]))),
    CONSTRAINT invites_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'revoked'::text, 'expired'::text])))
);

CREATE TABLE public.key_checks (
    ring text NOT NULL,
    key_id text NOT NULL,
    check_value bytea,
    forgotten_at timestamp with time zone,
    first_seen_at timestamp with time zone DEFAULT now() NOT NULL,
    became_current_at timestamp with time zone,
    CONSTRAINT key_checks_check CHECK (((check_value IS NULL) = (forgotten_at IS NOT NULL))),
    CONSTRAINT key_checks_check_value_check CHECK ((octet_length(check_value) = 32))
);

CREATE TABLE public.known_devices (
    user_id uuid NOT NULL,
    browser text NOT NULL,
    network text NOT NULL,
    first_seen_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL
);

CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);

CREATE TABLE public.kysely_migration_checksum (
    name character varying(255) NOT NULL,
    checksum text NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.notifications (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    type text NOT NULL,
    title text NOT NULL,
    message text NOT NULL,
    task_id uuid,
    chat_id uuid,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    is_read boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    summarized integer,
    CONSTRAINT notifications_summarized_check CHECK ((summarized > 0)),
    CONSTRAINT notifications_type_check CHECK ((type = ANY (ARRAY['overdue'::text, 'upcoming'::text, 'reminder'::text, 'general'::text, 'invite'::text, 'chat'::text, 'security'::text])))
);

CREATE TABLE public.organizations (
    id uuid NOT NULL,
    name text NOT NULL,
    is_personal boolean DEFAULT false NOT NULL,
    two_factor_method text DEFAULT 'none'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT organizations_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT organizations_two_factor_method_check CHECK ((two_factor_method = ANY (ARRAY['none'::text, 'otp'::text, 'totp'::text])))
);

CREATE TABLE public.outbox (
    id uuid NOT NULL,
    queue text NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    run_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    published_at timestamp with time zone,
    failed_at timestamp with time zone,
    error text,
    CONSTRAINT outbox_queue_check CHECK ((queue = ANY (ARRAY['email'::text, 'audit'::text, 'reminder'::text, 'image'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

CREATE TABLE public.password_resets (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT recovery_codes_code_hash_check CHECK ((octet_length(code_hash) = 32))
);

CREATE TABLE public.reminder_deliveries (
    id uuid NOT NULL,
    reminder_id uuid NOT NULL,
    user_id uuid NOT NULL,
    scheduled_at timestamp with time zone NOT NULL,
    late boolean NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.reminders (
    id uuid NOT NULL,
    task_id uuid NOT NULL,
    user_id uuid NOT NULL,
    scheduled_at timestamp with time zone NOT NULL,
    offset_minutes integer,
    type text DEFAULT 'both'::text NOT NULL,
    message text,
    status text DEFAULT 'pending'::text NOT NULL,
    failure_reason text,
    late boolean DEFAULT false NOT NULL,
    handed_at timestamp with time zone,
    sent_at timestamp with time zone,
    completed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT reminders_message_check CHECK ((char_length(message) <= 500)),
    CONSTRAINT reminders_offset_minutes_check CHECK ((offset_minutes >= 0)),
    CONSTRAINT reminders_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sent'::text, 'completed'::text, 'cancelled'::text, 'failed'::text]))),
    CONSTRAINT reminders_type_check CHECK ((type = ANY (ARRAY['email'::text, 'push'::text, 'both'::text])))
);

CREATE TABLE public.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    seed bytea NOT NULL,
    generation integer DEFAULT 0 NOT NULL,
    rotated_at timestamp with time zone NOT NULL,
    successor_seen boolean DEFAULT false NOT NULL,
    is_remembered boolean DEFAULT false NOT NULL,
    user_agent text,
    ip text,
    created_at timestamp with time zone NOT NULL,
    last_used_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    revoked_reason text,
    renew_at timestamp with time zone,
    changed_at timestamp with time zone,
    CONSTRAINT sessions_seed_check CHECK ((octet_length(seed) = 32))
);

CREATE TABLE public.sign_in_failures (
    key text NOT NULL,
    failures integer NOT NULL,
    locked_until timestamp with time zone,
    told_at timestamp with time zone,
    updated_at timestamp with time zone NOT NULL
);

CREATE TABLE public.tasks (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    assignee_id uuid,
    organization_id uuid,
    title text NOT NULL,
    description text,
    due_date timestamp with time zone NOT NULL,
    priority text DEFAULT 'medium'::text NOT NULL,
    category text,
    status text DEFAULT 'todo'::text NOT NULL,
    link text,
    completed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    upcoming_for timestamp with time zone,
    overdue_for timestamp with time zone,
    search tsvector GENERATED ALWAYS AS ((setweight(to_tsvector('simple'::regconfig, translate(COALESCE(title, ''::text), '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~'::text, '                                '::text)), 'A'::"char") || setweight(to_tsvector('simple'::regconfig, translate(COALESCE(description, ''::text), '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~'::text, '                                '::text)), 'B'::"char"))) STORED,
    CONSTRAINT tasks_category_check CHECK ((char_length(category) <= 50)),
    CONSTRAINT tasks_check CHECK (((status = 'completed'::text) = (completed_at IS NOT NULL))),
    CONSTRAINT tasks_description_check CHECK ((char_length(description) <= 1000)),
    CONSTRAINT tasks_priority_check CHECK ((priority = ANY (ARRAY['low'::text, 'medium'::text, 'high'::text]))),
    CONSTRAINT tasks_status_check CHECK ((status = ANY (ARRAY['todo'::text, 'in-progress'::text, 'completed'::text]))),
    CONSTRAINT tasks_title_check CHECK (((char_length(title) >= 3) AND (char_length(title) <= 200)))
);

CREATE TABLE public.totp_secrets (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    key_id text NOT NULL,
    sealed bytea NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL
);

CREATE TABLE public.two_factor_challenges (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    purpose text NOT NULL,
    method text NOT NULL,
    email_id uuid,
    mailed_at timestamp with time zone,
    tries integer DEFAULT 0 NOT NULL,
    context jsonb DEFAULT '{}'::jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT two_factor_challenges_method_check CHECK ((method = ANY (ARRAY['otp'::text, 'totp'::text]))),
    CONSTRAINT two_factor_challenges_purpose_check CHECK ((purpose = ANY (ARRAY['sign-in'::text, 'enable-otp'::text, 'confirm'::text])))
);

CREATE TABLE public.user_preferences (
    user_id uuid NOT NULL,
    settings jsonb NOT NULL,
    updated_at timestamp with time zone NOT NULL
);

CREATE TABLE public.users (
    id uuid NOT NULL,
    username text NOT NULL,
    name text NOT NULL,
    email text NOT NULL,
    password_hash text,
    role text NOT NULL,
    organization_id uuid,
    bio text,
    avatar_key text,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    two_factor_method text DEFAULT 'none'::text NOT NULL,
    google_id text,
    is_active boolean DEFAULT true NOT NULL,
    last_seen_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deactivated_by text,
    avatar_status text,
    avatar_upload_id uuid,
    deletion_requested_at timestamp with time zone,
    anonymised_at timestamp with time zone,
    next_digest_at timestamp with time zone DEFAULT now(),
    CONSTRAINT users_avatar_status_check CHECK ((avatar_status = ANY (ARRAY['processing'::text, 'ready'::text, 'failed'::text]))),
    CONSTRAINT users_bio_check CHECK ((char_length(bio) <= 150)),
    CONSTRAINT users_deactivated_by_check CHECK ((deactivated_by = ANY (ARRAY['organization'::text, 'platform'::text]))),
    CONSTRAINT users_email_check CHECK (((email = lower(btrim(email))) AND (char_length(email) <= 254))),
    CONSTRAINT users_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 100))),
    CONSTRAINT users_organization_check CHECK (((anonymised_at IS NOT NULL) OR ((role = ANY (ARRAY['client_admin'::text, 'client_user'::text])) = (organization_id IS NOT NULL)))),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['super_admin'::text, 'site_admin'::text, 'operator'::text, 'client_admin'::text, 'client_user'::text]))),
    CONSTRAINT users_two_factor_method_check CHECK ((two_factor_method = ANY (ARRAY['none'::text, 'otp'::text, 'totp'::text]))),
    CONSTRAINT users_username_check CHECK ((username ~ '^[a-z0-9_]{3,30}$'::text))
);

ALTER TABLE ONLY public.audit_events ATTACH PARTITION public.audit_events_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');

ALTER TABLE ONLY public.audit_events ATTACH PARTITION public.audit_events_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');

INSERT INTO public.attachments VALUES ('01a21bad-1e6f-7126-b8c6-876149232ac6', '01a21bad-1d1e-77dc-b098-30a0b0c32e51', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'notes.txt', 'text/plain; charset=utf-8', 'document', 'ready', 16, 'attachments/01a21bad-1e6f-7126-b8c6-876149232ac6/original', NULL, NULL, NULL, 16, NULL, NULL, '2026-11-27 06:24:20.09+00', '2026-11-27 06:24:20.09+00');
INSERT INTO public.attachments VALUES ('01a21bad-1e30-7514-a700-1646725edcd1', '01a21bad-1d0f-76b8-9fd8-af01b199909d', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'photo.png', 'image/webp', 'image', 'ready', 82, 'attachments/01a21bad-1e30-7514-a700-1646725edcd1/optimized', 'attachments/01a21bad-1e30-7514-a700-1646725edcd1/thumbnail', 40, 40, 143, 82, NULL, '2026-11-27 06:24:20.031+00', '2026-11-27 06:24:20.094+00');
INSERT INTO public.attachments VALUES ('01a21bad-2476-7769-8674-5ebdc54e107f', '01a21bad-1d1e-77dc-b098-30a0b0c32e51', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'later.png', 'image/png', 'image', 'processing', 172, 'attachments/01a21bad-2476-7769-8674-5ebdc54e107f/original', NULL, NULL, NULL, 172, NULL, NULL, '2026-11-27 06:24:21.665+00', '2026-11-27 06:24:21.665+00');

INSERT INTO public.audit_chain_head VALUES (true, 37, '\xced87beb6ef08cc41fe63456ea39d0eb73245c2f44aa5c125b4361282cbf183a', '2026-11-27 06:24:20.919029+00');

INSERT INTO public.audit_events_2026_11 VALUES (1, '01a21bac-e2cd-741e-a538-a2e477c0f42f', 'user.created', NULL, 'user', '01a21bac-e2c7-721b-a751-f4198d896b96', '2026-11-27 06:24:04.814535+00', '\x7b31c79464a408317681ef4fe897b931d5ca296b6e22e601feb9c0c32c3449a2', 'k1', '\x0000000000000000000000000000000000000000000000000000000000000000', '\x6b690c5675c3cc3d978081caf24ad42dc6add88cc657e98b3b0efc90c6785eaa');
INSERT INTO public.audit_events_2026_11 VALUES (2, '01a21bad-1950-71cd-8017-4e039ecefea8', 'auth.login_succeeded', '01a21bac-e2c7-721b-a751-f4198d896b96', 'session', '01a21bad-192b-73af-8925-02c6607b826b', '2026-11-27 06:24:18.768838+00', '\xca0259cd4904d879f818f856f6feaf010facf2c2d6ea32bd630af0ce7b25255f', 'k1', '\x6b690c5675c3cc3d978081caf24ad42dc6add88cc657e98b3b0efc90c6785eaa', '\x29cc09fc4e5afd92753528ad28af97db667ed4c86e95cd9059a36dbcb863c3d1');
INSERT INTO public.audit_events_2026_11 VALUES (3, '01a21bad-1977-7729-b259-bd9bab6e8f12', 'user.updated', '01a21bac-e2c7-721b-a751-f4198d896b96', 'user', '01a21bac-e2c7-721b-a751-f4198d896b96', '2026-11-27 06:24:18.807534+00', '\x47d4973a0e2d223657209f70226c34fb5f1b5012ebf9f848bf5f1c348306a436', 'k1', '\x29cc09fc4e5afd92753528ad28af97db667ed4c86e95cd9059a36dbcb863c3d1', '\xe0e2b8a2652393ef1898c6bbbb379be87940af45385710d42dd32c3ece3440aa');
INSERT INTO public.audit_events_2026_11 VALUES (4, '01a21bad-1ab8-7473-8991-7e15b11bb3c3', 'user.registered', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'user', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:19.134296+00', '\x11a43dd0cb6ff94515843100215161c977837657c943b240dd4b60481d288401', 'k1', '\xe0e2b8a2652393ef1898c6bbbb379be87940af45385710d42dd32c3ece3440aa', '\x695addd6a31c50f4fe0f281e20a38281fb4fed8a87cb30bc03f2e0d3a496532e');
INSERT INTO public.audit_events_2026_11 VALUES (5, '01a21bad-1b02-704e-a29c-405f4eea70f1', 'invite.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'invite', '01a21bad-1acd-77db-8815-7b109f0b6f8b', '2026-11-27 06:24:19.20324+00', '\xff76a5b16cb06f7b22fd1d47d8e06fd12907a9b0a7d901fc5d1ff47e88ac256e', 'k1', '\x695addd6a31c50f4fe0f281e20a38281fb4fed8a87cb30bc03f2e0d3a496532e', '\x066c865eca0ebdb7f1531cd8275435a44b36c915d85c0ae28bffbda4d8702c7b');
INSERT INTO public.audit_events_2026_11 VALUES (6, '01a21bad-1b41-72a1-879e-faa706af37c3', 'user.registered', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'user', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '2026-11-27 06:24:19.282142+00', '\x90b36ecd24bbc278950f493e910e1faa0cb4509a42e5bbc738958aab8295f0ba', 'k1', '\x066c865eca0ebdb7f1531cd8275435a44b36c915d85c0ae28bffbda4d8702c7b', '\x40184926a995bc42b9d64beb43f32359b2a695b06f2a07e7d6e9c6d90ec34bf5');
INSERT INTO public.audit_events_2026_11 VALUES (7, '01a21bad-1b42-7651-8550-1e521bda5e4a', 'invite.accepted', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'invite', '01a21bad-1acd-77db-8815-7b109f0b6f8b', '2026-11-27 06:24:19.282153+00', '\x06c56783c056d9ab1061b211efefb2d81ef18b887e91d95c797d1bf13751a0ea', 'k1', '\x40184926a995bc42b9d64beb43f32359b2a695b06f2a07e7d6e9c6d90ec34bf5', '\xcdf9e60c00d2fa209116ca03072bfc164d10aa2436446b67ffd01942ecb979be');
INSERT INTO public.audit_events_2026_11 VALUES (8, '01a21bad-1b50-77cd-b976-27c20427f736', 'auth.login_succeeded', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'session', '01a21bad-1b4a-73c4-bf29-d19e7846fc03', '2026-11-27 06:24:19.282156+00', '\x7006c1a60d2f3c283387b9934d9684009e1e5614c27cae6e5fa8e1a771bf5c02', 'k1', '\xcdf9e60c00d2fa209116ca03072bfc164d10aa2436446b67ffd01942ecb979be', '\xd45fa06cba637bec5985cc9aaf78fe8463608bb93febbf84344c3e8a36fd9af0');
INSERT INTO public.audit_events_2026_11 VALUES (9, '01a21bad-1b64-715d-ac9b-2428ded4a27b', 'invite.created', '01a21bac-e2c7-721b-a751-f4198d896b96', 'invite', '01a21bad-1b5e-730c-8d8e-7edf0e30be9a', '2026-11-27 06:24:19.301409+00', '\xe40546e1215b1ec30b5dd026e4a2c2b82a6d40cad784a407cfefde5a8accbefd', 'k1', '\xd45fa06cba637bec5985cc9aaf78fe8463608bb93febbf84344c3e8a36fd9af0', '\xe263ed51bac2975ad2788c13ee36613a0d3681ece0e852299236c8e37c026960');
INSERT INTO public.audit_events_2026_11 VALUES (10, '01a21bad-1b95-7594-a4e8-96e47e21b675', 'user.registered', '01a21bad-1b94-7670-b8bc-41f25eecd395', 'user', '01a21bad-1b94-7670-b8bc-41f25eecd395', '2026-11-27 06:24:19.373636+00', '\x06d7c913ec874bbc84a0c81f04349c5e905eea17d79669c5fe260e6e4a5cd5f5', 'k1', '\xe263ed51bac2975ad2788c13ee36613a0d3681ece0e852299236c8e37c026960', '\x2dfabb57701dccd711087c5d116086a68ce1dc802e879fe15f18e44203c07d32');
INSERT INTO public.audit_events_2026_11 VALUES (11, '01a21bad-1b96-77c0-8bf4-c32254b34cf5', 'invite.accepted', '01a21bad-1b94-7670-b8bc-41f25eecd395', 'invite', '01a21bad-1b5e-730c-8d8e-7edf0e30be9a', '2026-11-27 06:24:19.373646+00', '\x229468bed65e75b80360946acfb0e0efe6519cf80864e626a3941a6d790b17d3', 'k1', '\x2dfabb57701dccd711087c5d116086a68ce1dc802e879fe15f18e44203c07d32', '\xbcf17c40af4df6ee9b7c870ecd83719d85ba69d129d36fc1f6e8fcd7ad9a9058');
INSERT INTO public.audit_events_2026_11 VALUES (12, '01a21bad-1bac-75ac-aa9d-0ae48a4765c4', 'auth.login_succeeded', '01a21bad-1b94-7670-b8bc-41f25eecd395', 'session', '01a21bad-1ba1-7374-b426-708c2f99d7a3', '2026-11-27 06:24:19.373649+00', '\x14007f0034b8379d3f1b7c62dcd8defe605ab16d8ecadb7405a93be3e178b614', 'k1', '\xbcf17c40af4df6ee9b7c870ecd83719d85ba69d129d36fc1f6e8fcd7ad9a9058', '\xc038954c0451047fa35567367a10cd3e6c98961b59ca5ac9229130d5644fcb11');
INSERT INTO public.audit_events_2026_11 VALUES (13, '01a21bad-1bc5-76b2-9862-e04d824a2db5', 'invite.created', '01a21bac-e2c7-721b-a751-f4198d896b96', 'invite', '01a21bad-1bba-715d-ab11-46c12ef14577', '2026-11-27 06:24:19.398671+00', '\x3ea99ad65714ce1525767ad81cd83a9bfc7002ca02afa2e9724b8275c131dd12', 'k1', '\xc038954c0451047fa35567367a10cd3e6c98961b59ca5ac9229130d5644fcb11', '\xb6f3a80d36b17f171503706e4e23b72da2871beffc2c6753a96d5bb64432bc82');
INSERT INTO public.audit_events_2026_11 VALUES (14, '01a21bad-1c12-7359-834e-bec1a31bd94b', 'user.registered', '01a21bad-1c0a-74a8-b52f-be5326f98175', 'user', '01a21bad-1c0a-74a8-b52f-be5326f98175', '2026-11-27 06:24:19.484751+00', '\x49036cf0d81745b9f830f29c1926cbcf1d0dfb59132d09c38d6a16f4d27332f1', 'k1', '\xb6f3a80d36b17f171503706e4e23b72da2871beffc2c6753a96d5bb64432bc82', '\xa1ce370b0f19074a26c4aaeafe8ff72feab5ffc3cf44c4142b26c2b6fc906d9b');
INSERT INTO public.audit_events_2026_11 VALUES (15, '01a21bad-1c13-7317-a51d-a34a539bc1da', 'invite.accepted', '01a21bad-1c0a-74a8-b52f-be5326f98175', 'invite', '01a21bad-1bba-715d-ab11-46c12ef14577', '2026-11-27 06:24:19.484761+00', '\x09caadcc31b33f7539bdc1e8c88e4a19e526a0c97ba8748b576150d5267831ea', 'k1', '\xa1ce370b0f19074a26c4aaeafe8ff72feab5ffc3cf44c4142b26c2b6fc906d9b', '\xd1f31b40620d0d07098738f7e318be9f21a80de0cf640a0880fb1c2884189333');
INSERT INTO public.audit_events_2026_11 VALUES (16, '01a21bad-1c1c-7225-8996-38059f3e32b2', 'auth.login_succeeded', '01a21bad-1c0a-74a8-b52f-be5326f98175', 'session', '01a21bad-1c16-74de-92e3-cc4c7b32bb79', '2026-11-27 06:24:19.484765+00', '\x1414d25bc482c0343daf4691cbb70db21980008bc502d16ea43c8ed55c2f19ea', 'k1', '\xd1f31b40620d0d07098738f7e318be9f21a80de0cf640a0880fb1c2884189333', '\x4e732f23173194839383e34f4ea1ee984b82619c4aede8377972e237239fda72');
INSERT INTO public.audit_events_2026_11 VALUES (17, '01a21bad-1cdc-7582-8aa6-483dea8ce4cc', 'auth.two_factor_enabled', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'user', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:19.682837+00', '\x35b12af5ba4d796bf9b2a5dc102fc6fce2b4123447a7f962c3fb3919c08f1356', 'k1', '\x4e732f23173194839383e34f4ea1ee984b82619c4aede8377972e237239fda72', '\xbae8c9bf17b8e0f6470299fe7db65bb4c878a5b786bd08c88781f2ff98261bcf');
INSERT INTO public.audit_events_2026_11 VALUES (18, '01a21bad-1d0f-76b8-9fd8-b1fce12b53ac', 'task.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'task', '01a21bad-1d0f-76b8-9fd8-af01b199909d', '2026-11-27 06:24:19.731312+00', '\x235a6f1d758ed253f4366f73feaf177da29ab7f35bd63e21a85b04cdcebbb070', 'k1', '\xbae8c9bf17b8e0f6470299fe7db65bb4c878a5b786bd08c88781f2ff98261bcf', '\x569a36bc2c502e168491154c9244b232ffe1fb1d33299ae6958b4468c3c23401');
INSERT INTO public.audit_events_2026_11 VALUES (19, '01a21bad-1d1e-77dc-b098-36db8bb37759', 'task.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'task', '01a21bad-1d1e-77dc-b098-30a0b0c32e51', '2026-11-27 06:24:19.743233+00', '\xad89c07d7e22b7596aa4a54f9d29a52af0dfb9cdb810e7d33a7f6fcbc84ad0ff', 'k1', '\x569a36bc2c502e168491154c9244b232ffe1fb1d33299ae6958b4468c3c23401', '\x4cc35ad770e22a117d3cb5fe49e175d1f0eca869e5a1a7101111e86d8018a148');
INSERT INTO public.audit_events_2026_11 VALUES (20, '01a21bad-1d55-73da-b0bc-9dc02902b729', 'task.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'task', '01a21bad-1d55-73da-b0bc-9bae944e18bf', '2026-11-27 06:24:19.798251+00', '\xc37a15ee29754abfedb2af7997d604bb9f8193f5218c3e4fe6b09ced74083462', 'k1', '\x4cc35ad770e22a117d3cb5fe49e175d1f0eca869e5a1a7101111e86d8018a148', '\xc2a79b040b6e80eda982f56484a8a408cbd1f06b92854c953759ef66d2deeb83');
INSERT INTO public.audit_events_2026_11 VALUES (21, '01a21bad-1d5f-7137-91bc-1c770dad345b', 'task.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'task', '01a21bad-1d5f-7137-91bc-18d3959cd83b', '2026-11-27 06:24:19.809241+00', '\x8984661abdb05e10143dec5fb2e717f9b1479394bd420e00c3f7cd5cedc5fe34', 'k1', '\xc2a79b040b6e80eda982f56484a8a408cbd1f06b92854c953759ef66d2deeb83', '\xafe2ce141c869bb506913a908630d37061bc43aa03e341e4db584dd78f52f096');
INSERT INTO public.audit_events_2026_11 VALUES (22, '01a21bad-1d82-7374-988d-ad9037e59a02', 'task.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'task', '01a21bad-1d82-7374-988d-a83a3e701dd7', '2026-11-27 06:24:19.843785+00', '\x9ce1dec6b4943966509ff84dbc5298f78c23d012c08b368dc2484751531b0986', 'k1', '\xafe2ce141c869bb506913a908630d37061bc43aa03e341e4db584dd78f52f096', '\x4de9041f70c3da8e57bfce07e9a902bcf00b27cb51b3868e388bab4993a8ee6e');
INSERT INTO public.audit_events_2026_11 VALUES (23, '01a21bad-1d8c-713b-8e4c-23bdabc60c9e', 'task.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'task', '01a21bad-1d8c-713b-8e4c-1c0e37f98f48', '2026-11-27 06:24:19.853364+00', '\xdff5e3b927412875e01c98879bcfcb462eb1c0c58206855a7ebfb3ba5dcfeb38', 'k1', '\x4de9041f70c3da8e57bfce07e9a902bcf00b27cb51b3868e388bab4993a8ee6e', '\xee4238df7d8a683608194be92584d057becdc675b7da9ec385929142b0db4fe5');
INSERT INTO public.audit_events_2026_11 VALUES (24, '01a21bad-1da0-760f-8c8b-f8649eeae6ac', 'task.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'task', '01a21bad-1da0-760f-8c8b-f537e06add29', '2026-11-27 06:24:19.873175+00', '\x85be79b86b9bcb5e5424b7f4db6c6e1e3dc4aa405beef67ac22a3b1c29a768cd', 'k1', '\xee4238df7d8a683608194be92584d057becdc675b7da9ec385929142b0db4fe5', '\xe24084e6175b322cc6dde95a973b9fa72a51383fcb3a74dd314ed02d1decb08f');
INSERT INTO public.audit_events_2026_11 VALUES (25, '01a21bad-1da8-71a9-bc91-ebba891eb068', 'task.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'task', '01a21bad-1da8-71a9-bc91-e4c376f239f7', '2026-11-27 06:24:19.883655+00', '\xb3a765730648526b55b0a252d8118baa95a89a680616ba123afde28b7dd5596e', 'k1', '\xe24084e6175b322cc6dde95a973b9fa72a51383fcb3a74dd314ed02d1decb08f', '\x4ea156871e5ec752a46aa1d4bf92e0aeeb3c461ae1e602b09539baa638e2cedb');
INSERT INTO public.audit_events_2026_11 VALUES (26, '01a21bad-1db9-7706-b004-2cd50236448a', 'task.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'task', '01a21bad-1db9-7706-b004-2aa6fa516b11', '2026-11-27 06:24:19.898359+00', '\xe800676de04fefacad9e2c3f8adaedadd279ee67ba7f33f225b8f86a12e1cf09', 'k1', '\x4ea156871e5ec752a46aa1d4bf92e0aeeb3c461ae1e602b09539baa638e2cedb', '\x93eaf4d73a87cee89bb133bda7a6dc4ecea0427e7efa6f64df765de7da45c1db');
INSERT INTO public.audit_events_2026_11 VALUES (27, '01a21bad-1e42-736f-918f-c5d44562495b', 'attachment.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'attachment', '01a21bad-1e30-7514-a700-1646725edcd1', '2026-11-27 06:24:20.03761+00', '\xacda24460c8dd4cb1dafee1c5cd5614f2adadd6cea6d99e090ab7ff941295cd8', 'k1', '\x93eaf4d73a87cee89bb133bda7a6dc4ecea0427e7efa6f64df765de7da45c1db', '\x08cbaf8ea1aecce293625f34c1416a266ce1c93b24a01bd4203d4e3c37144916');
INSERT INTO public.audit_events_2026_11 VALUES (28, '01a21bad-1e7b-7634-a81c-0129c941d4c8', 'attachment.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'attachment', '01a21bad-1e6f-7126-b8c6-876149232ac6', '2026-11-27 06:24:20.091693+00', '\x10a557107d401d5efdae03d0dcc1a9b323e8194fd2b53251d4cc090b14563fd1', 'k1', '\x08cbaf8ea1aecce293625f34c1416a266ce1c93b24a01bd4203d4e3c37144916', '\xd901e523cc9d02cf71526df0a7cb3e3405159a55d264736c437622765c95ccaa');
INSERT INTO public.audit_events_2026_11 VALUES (29, '01a21bad-1e80-7344-8a44-25563b8fff51', 'attachment.optimized', NULL, 'attachment', '01a21bad-1e30-7514-a700-1646725edcd1', '2026-11-27 06:24:20.097943+00', '\xd1afb91664b2863cb7985f4efc3198f4c14644bdda33ecdd4ae4c17e1f2d73bd', 'k1', '\xd901e523cc9d02cf71526df0a7cb3e3405159a55d264736c437622765c95ccaa', '\xa13ee79b03beaf63a3f38982c6547bc6708dd8dc5b88ff0e770ecce8b9d77e7a');
INSERT INTO public.audit_events_2026_11 VALUES (30, '01a21bad-1ea2-71db-bc70-a487213ba716', 'reminder.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'reminder', '01a21bad-1e9c-723a-a71d-cb2f828fdbf4', '2026-11-27 06:24:20.131212+00', '\xfd161c9995bd75473adde88625d23e425e55413fa5bb22d7bd6ef6c17faf953b', 'k1', '\xa13ee79b03beaf63a3f38982c6547bc6708dd8dc5b88ff0e770ecce8b9d77e7a', '\x96b537b6af3f6890a87002fed3d2fa1cacc79f51cfbee691552f7a959fa0cb2c');
INSERT INTO public.audit_events_2026_11 VALUES (31, '01a21bad-1fa9-74bf-8fe1-f93fbed0b260', 'friend.requested', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'user', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '2026-11-27 06:24:20.396299+00', '\x75d5251100c6d968c5163ee9c1dfb30dabfeea07711b9b122d86b71eaa40b1e5', 'k1', '\x96b537b6af3f6890a87002fed3d2fa1cacc79f51cfbee691552f7a959fa0cb2c', '\xa664d2e09192df3e2ebaa4c59aaf57a9deff5f002d83b14248a405d29acfcf63');
INSERT INTO public.audit_events_2026_11 VALUES (32, '01a21bad-1fd0-748b-8ce3-4ff7e7aa8af0', 'friend.accepted', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'user', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:20.43696+00', '\x26c6d6e3a0a7d5e6827189f2c6b52a1fc08173d15aaccacf2eda1f6e6ebf93d4', 'k1', '\xa664d2e09192df3e2ebaa4c59aaf57a9deff5f002d83b14248a405d29acfcf63', '\xe7c10b800d462dac8f62823824f6432a3d2ecbb7756d392cbc9d65a6e104f379');
INSERT INTO public.audit_events_2026_11 VALUES (33, '01a21bad-1ffd-75de-b46f-40de363e6457', 'friend.blocked', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'user', '01a21bac-e2c7-721b-a751-f4198d896b96', '2026-11-27 06:24:20.478235+00', '\x6b1ff3dca7db1011c97d7878580291ae50e4080cc8267d53d38136c1f522de30', 'k1', '\xe7c10b800d462dac8f62823824f6432a3d2ecbb7756d392cbc9d65a6e104f379', '\x4a06b27d095f151a57f583429e51f018f8037f21c8a900c52602cfa7faf3e4d6');
INSERT INTO public.audit_events_2026_11 VALUES (34, '01a21bad-2013-72cd-832f-56f020946af3', 'user.preferences_changed', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'user', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:20.500467+00', '\xedff91f185f8339c952cdfec7043e81e6411115681af778ddc48cf04ccd0f1d9', 'k1', '\x4a06b27d095f151a57f583429e51f018f8037f21c8a900c52602cfa7faf3e4d6', '\x69163aeb6a90402dac19e94ff0bd54a10a1df6dffb459b7b6cf10805db152949');
INSERT INTO public.audit_events_2026_11 VALUES (35, '01a21bad-20cd-7760-b4b8-285f65bb4af9', 'user.avatar_uploaded', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'user', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:20.686086+00', '\xa678f26d525ae392e5737a4b71fb3bc042e69b6d45017da5c611870ba8ae9bf2', 'k1', '\x69163aeb6a90402dac19e94ff0bd54a10a1df6dffb459b7b6cf10805db152949', '\xda9af0405b5425242b0ebe4dac840172a513700dfa9169da6f1af28b400cb146');
INSERT INTO public.audit_events_2026_11 VALUES (36, '01a21bad-2131-757b-a8fc-a385730fb658', 'reminder.sent', NULL, 'reminder', '01a21bad-1e9c-723a-a71d-cb2f828fdbf4', '2026-11-27 06:24:20.786969+00', '\x831f849f484511e8120aa438d1276306858b51bd97f26e1b40e5db25c5cebcc0', 'k1', '\xda9af0405b5425242b0ebe4dac840172a513700dfa9169da6f1af28b400cb146', '\xdceea07bcfe2bb25734c76d4ad7ea248b5b36b5fe454c79e7454e46a66940ade');
INSERT INTO public.audit_events_2026_11 VALUES (37, '01a21bad-2180-776e-b460-97a38061d3ca', 'user.avatar_changed', NULL, 'user', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:20.870134+00', '\xba85a47da60e88e94a1a8c5cde0f4c6115b82972f1ff32a0d4c4458ea90a00f5', 'k1', '\xdceea07bcfe2bb25734c76d4ad7ea248b5b36b5fe454c79e7454e46a66940ade', '\xced87beb6ef08cc41fe63456ea39d0eb73245c2f44aa5c125b4361282cbf183a');

INSERT INTO public.audit_pending VALUES ('01a21bad-24a6-7629-8675-6849660d5af4', 'attachment.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'attachment', '01a21bad-2476-7769-8674-5ebdc54e107f', '127.0.0.1', 'node', '5fdededf-5c4a-4a49-956c-f987a87bc1d7', NULL, '{"status": "processing", "taskId": "01a21bad-1d1e-77dc-b098-30a0b0c32e51", "filename": "later.png", "sizeBytes": 172, "contentType": "image/png"}', '2026-11-27 06:24:21.671402+00');
INSERT INTO public.audit_pending VALUES ('01a21bad-24b6-77e8-9cc7-c200bd785afd', 'reminder.created', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'reminder', '01a21bad-24b3-77c4-adaa-254161194ab2', '127.0.0.1', 'node', 'db6efce2-182d-46e1-8c55-036145380b94', NULL, '{"id": "01a21bad-24b3-77c4-adaa-254161194ab2", "late": false, "type": "both", "sentAt": null, "status": "pending", "taskId": "01a21bad-1d5f-7137-91bc-18d3959cd83b", "message": null, "createdAt": "2026-11-27T06:24:21.683Z", "scheduledAt": "2026-11-27T06:34:21.680Z", "offsetMinutes": null}', '2026-11-27 06:24:21.690487+00');
INSERT INTO public.audit_pending VALUES ('01a21bad-24cb-71f2-8d75-419a3d618350', 'reminder.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'reminder', '01a21bad-24ca-73fa-978e-1ca87506d67d', '127.0.0.1', 'node', '9b19db60-e5d8-4202-b599-7fe0829ea916', NULL, '{"id": "01a21bad-24ca-73fa-978e-1ca87506d67d", "late": false, "type": "both", "sentAt": null, "status": "pending", "taskId": "01a21bad-1d82-7374-988d-a83a3e701dd7", "message": null, "createdAt": "2026-11-27T06:24:21.706Z", "scheduledAt": "2126-11-03T06:24:21.695Z", "offsetMinutes": null}', '2026-11-27 06:24:21.708387+00');
INSERT INTO public.audit_pending VALUES ('01a21bad-24f1-708f-b13c-bc8dd0f3eff1', 'invite.created', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'invite', '01a21bad-24d8-7091-b782-e55f1788afa2', '127.0.0.1', 'node', '922f34fa-edb4-4b4f-9ca0-cafb3cfb6eef', NULL, '{"role": "client_user", "expiresAt": "2026-12-04T06:24:21.720Z", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07", "organizationName": "Chaos User"}', '2026-11-27 06:24:21.747285+00');
INSERT INTO public.audit_pending VALUES ('01a21bad-252d-70ea-a8b5-e8204c9f904a', 'auth.password_changed', '01a21bad-1b94-7670-b8bc-41f25eecd395', 'user', '01a21bad-1b94-7670-b8bc-41f25eecd395', '127.0.0.1', 'node', 'd87a1a0c-d583-4d6f-9adb-050967eba592', NULL, NULL, '2026-11-27 06:24:21.820123+00');
INSERT INTO public.audit_pending VALUES ('01a21bad-255e-74e0-9470-c23ceb289cdb', 'user.deactivated', '01a21bac-e2c7-721b-a751-f4198d896b96', 'user', '01a21bad-1c0a-74a8-b52f-be5326f98175', '127.0.0.1', 'node', 'a80db03d-9bb4-47a1-a92f-1633251d23ed', '{"isActive": true}', '{"by": "platform", "isActive": false}', '2026-11-27 06:24:21.856826+00');
INSERT INTO public.audit_pending VALUES ('01a21bad-255f-70a5-9b86-0acf219a3de9', 'session.revoked', '01a21bac-e2c7-721b-a751-f4198d896b96', 'session', '01a21bad-1c16-74de-92e3-cc4c7b32bb79', '127.0.0.1', 'node', 'a80db03d-9bb4-47a1-a92f-1633251d23ed', NULL, '{"reason": "deactivated"}', '2026-11-27 06:24:21.856853+00');

INSERT INTO public.audit_personal VALUES ('01a21bac-e2cd-741e-a538-a2e477c0f42f', '\xd2d2054209f1ee84416444f270d3f1f2', NULL, NULL, NULL, NULL, '{"by": "bootstrap", "role": "super_admin"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1950-71cd-8017-4e039ecefea8', '\x09bb6ea996a0ba48346d302b79cece21', '127.0.0.1', 'node', '8ce2822a-9aab-42ad-8774-d9fc1dcd97e7', NULL, '{"method": "password", "rememberMe": false}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1977-7729-b259-bd9bab6e8f12', '\x3347d488e2a44e9460a5caa74b4a7ab4', '127.0.0.1', 'node', '369ea29a-bdaa-4616-add9-0a1074448e08', '{"username": "admin_f4198d896b96"}', '{"username": "ada"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1ab8-7473-8991-7e15b11bb3c3', '\x0d2b6d968ee0aaf807d7ca7397e82d1b', '127.0.0.1', 'node', '30bb552d-bc96-4af0-8477-419ba8e089ba', NULL, '{"by": "password", "email": "grace@example.test", "username": "grace", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b02-704e-a29c-405f4eea70f1', '\xbbf42b13e4e0392281db9a37cccd5e51', '127.0.0.1', 'node', '2a1e518f-3f54-4db1-9c60-fd97311c9cc0', NULL, '{"role": "client_user", "expiresAt": "2026-12-04T06:24:19.149Z", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07", "organizationName": "Chaos User"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b41-72a1-879e-faa706af37c3', '\xd96dc33ff6a6f55a0e2a4147035e1c80', '127.0.0.1', 'node', '51db4668-9368-4739-820b-f60248bdfbf3', NULL, '{"by": "password", "role": "client_user", "email": "linus@example.test", "inviteId": "01a21bad-1acd-77db-8815-7b109f0b6f8b", "username": "linus", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b42-7651-8550-1e521bda5e4a', '\xdc2194b3d3a7d1f1159afc290ee09f3f', '127.0.0.1', 'node', '51db4668-9368-4739-820b-f60248bdfbf3', '{"status": "pending"}', '{"role": "client_user", "status": "accepted", "userId": "01a21bad-1b40-710f-9f47-8e7f898b82bc"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b50-77cd-b976-27c20427f736', '\xe5b666ec8ad47655330333e30b98b823', '127.0.0.1', 'node', '51db4668-9368-4739-820b-f60248bdfbf3', NULL, '{"method": "invite", "rememberMe": false}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b64-715d-ac9b-2428ded4a27b', '\xb92164ef41e63402fbd9402c329dedee', '127.0.0.1', 'node', '2f6cb47f-dbc9-4547-ac53-827a998c67f6', NULL, '{"role": "operator", "expiresAt": "2026-12-04T06:24:19.294Z", "organizationId": null, "organizationName": null}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b95-7594-a4e8-96e47e21b675', '\xd31b04d5c56842617101e05eaca98e2e', '127.0.0.1', 'node', '8405925b-c7b7-4d64-ad41-129e0d2e8c2a', NULL, '{"by": "password", "role": "operator", "email": "olga@example.test", "inviteId": "01a21bad-1b5e-730c-8d8e-7edf0e30be9a", "username": "olga", "organizationId": null}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1b96-77c0-8bf4-c32254b34cf5', '\x29d64fb24a68ceb836a9277d4391bdb4', '127.0.0.1', 'node', '8405925b-c7b7-4d64-ad41-129e0d2e8c2a', '{"status": "pending"}', '{"role": "operator", "status": "accepted", "userId": "01a21bad-1b94-7670-b8bc-41f25eecd395"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1bac-75ac-aa9d-0ae48a4765c4', '\x284d0847bb067d2e8496ae50be237052', '127.0.0.1', 'node', '8405925b-c7b7-4d64-ad41-129e0d2e8c2a', NULL, '{"method": "invite", "rememberMe": false}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1bc5-76b2-9862-e04d824a2db5', '\xb711518333d432bcbf153d6fd24a53bf', '127.0.0.1', 'node', '70d3bcea-9cbe-48a8-a3a1-4223dcf61b4a', NULL, '{"role": "site_admin", "expiresAt": "2026-12-04T06:24:19.386Z", "organizationId": null, "organizationName": null}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1c12-7359-834e-bec1a31bd94b', '\xe7a04282c6c1665f24536d733ec437a4', '127.0.0.1', 'node', 'd5328bde-d1da-4af9-bc60-da278d296621', NULL, '{"by": "password", "role": "site_admin", "email": "sita@example.test", "inviteId": "01a21bad-1bba-715d-ab11-46c12ef14577", "username": "sita", "organizationId": null}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1c13-7317-a51d-a34a539bc1da', '\xfd71c55e690b61f1d222e055c5cc477f', '127.0.0.1', 'node', 'd5328bde-d1da-4af9-bc60-da278d296621', '{"status": "pending"}', '{"role": "site_admin", "status": "accepted", "userId": "01a21bad-1c0a-74a8-b52f-be5326f98175"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1c1c-7225-8996-38059f3e32b2', '\x688b1aa8141380424a8626d9fced80ca', '127.0.0.1', 'node', 'd5328bde-d1da-4af9-bc60-da278d296621', NULL, '{"method": "invite", "rememberMe": false}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1cdc-7582-8aa6-483dea8ce4cc', '\xad3908fe1e8d61e4723ef263b5661dee', '127.0.0.1', 'node', '8d8b1737-ae71-4352-a5a5-be9888cffa32', '{"twoFactorMethod": "none"}', '{"twoFactorMethod": "totp"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1d0f-76b8-9fd8-b1fce12b53ac', '\x01adf6d528a000ba2c171829dbdae231', '127.0.0.1', 'node', '90691bba-96a8-4d69-abdf-01239a80bc3c', NULL, '{"id": "01a21bad-1d0f-76b8-9fd8-af01b199909d", "link": null, "title": "Baseline task 1: report-final.pdf", "status": "todo", "dueDate": "2026-11-24T06:24:19.723Z", "ownerId": "01a21bad-1ab5-7399-8453-22fa2439bfb3", "version": 1, "category": "Café", "priority": "low", "createdAt": "2026-11-27T06:24:19.727Z", "updatedAt": "2026-11-27T06:24:19.727Z", "assigneeId": null, "completedAt": null, "description": "Größe, 日本語 and emoji 👩‍💻", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1d1e-77dc-b098-36db8bb37759', '\xc370aa84149c5830f9e17c2f206d1e2e', '127.0.0.1', 'node', '7126949e-05df-4bbb-94b6-062a980ab090', NULL, '{"id": "01a21bad-1d1e-77dc-b098-30a0b0c32e51", "link": null, "title": "Baseline task 2: report-final.pdf", "status": "in-progress", "dueDate": "2026-11-25T06:24:19.740Z", "ownerId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "version": 1, "category": null, "priority": "medium", "createdAt": "2026-11-27T06:24:19.742Z", "updatedAt": "2026-11-27T06:24:19.742Z", "assigneeId": null, "completedAt": null, "description": null, "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1d55-73da-b0bc-9dc02902b729', '\x000b7c3435f808b9722aa541277a1eb5', '127.0.0.1', 'node', 'd859bfab-e46f-485c-a5d1-d075fe120430', NULL, '{"id": "01a21bad-1d55-73da-b0bc-9bae944e18bf", "link": null, "title": "Baseline task 3: report-final.pdf", "status": "completed", "dueDate": "2026-11-26T06:24:19.789Z", "ownerId": "01a21bad-1ab5-7399-8453-22fa2439bfb3", "version": 1, "category": null, "priority": "high", "createdAt": "2026-11-27T06:24:19.797Z", "updatedAt": "2026-11-27T06:24:19.797Z", "assigneeId": null, "completedAt": "2026-11-27T06:24:19.797Z", "description": "Größe, 日本語 and emoji 👩‍💻", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1d5f-7137-91bc-1c770dad345b', '\x8abcf4875d987bb403839cb0a4e8ad01', '127.0.0.1', 'node', '56e48baf-aff8-449f-b703-3d8ac58e26f3', NULL, '{"id": "01a21bad-1d5f-7137-91bc-18d3959cd83b", "link": null, "title": "Baseline task 4: report-final.pdf", "status": "todo", "dueDate": "2026-11-27T06:24:19.805Z", "ownerId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "version": 1, "category": "Café", "priority": "low", "createdAt": "2026-11-27T06:24:19.807Z", "updatedAt": "2026-11-27T06:24:19.807Z", "assigneeId": null, "completedAt": null, "description": null, "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1d82-7374-988d-ad9037e59a02', '\x1d99128f3af4ed4f72117437edc471b7', '127.0.0.1', 'node', '503475dc-b9a1-4326-8357-ca90cf0c46c0', NULL, '{"id": "01a21bad-1d82-7374-988d-a83a3e701dd7", "link": null, "title": "Baseline task 5: report-final.pdf", "status": "in-progress", "dueDate": "2026-11-28T06:24:19.837Z", "ownerId": "01a21bad-1ab5-7399-8453-22fa2439bfb3", "version": 1, "category": null, "priority": "medium", "createdAt": "2026-11-27T06:24:19.842Z", "updatedAt": "2026-11-27T06:24:19.842Z", "assigneeId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "completedAt": null, "description": "Größe, 日本語 and emoji 👩‍💻", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1d8c-713b-8e4c-23bdabc60c9e', '\x26e779c883c4cbf52dca1c4cb8dc8cf4', '127.0.0.1', 'node', '72afec74-dd19-41a9-96f2-8fc32ad055ab', NULL, '{"id": "01a21bad-1d8c-713b-8e4c-1c0e37f98f48", "link": null, "title": "Baseline task 6: report-final.pdf", "status": "completed", "dueDate": "2026-11-29T06:24:19.850Z", "ownerId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "version": 1, "category": null, "priority": "high", "createdAt": "2026-11-27T06:24:19.852Z", "updatedAt": "2026-11-27T06:24:19.852Z", "assigneeId": null, "completedAt": "2026-11-27T06:24:19.852Z", "description": null, "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1da0-760f-8c8b-f8649eeae6ac', '\xf2a09e8ee4714c89a00af578ab39af24', '127.0.0.1', 'node', '16c4ac86-ff50-4104-ac6b-f9c11b5288c1', NULL, '{"id": "01a21bad-1da0-760f-8c8b-f537e06add29", "link": null, "title": "Baseline task 7: report-final.pdf", "status": "todo", "dueDate": "2026-11-30T06:24:19.867Z", "ownerId": "01a21bad-1ab5-7399-8453-22fa2439bfb3", "version": 1, "category": "Café", "priority": "low", "createdAt": "2026-11-27T06:24:19.872Z", "updatedAt": "2026-11-27T06:24:19.872Z", "assigneeId": null, "completedAt": null, "description": "Größe, 日本語 and emoji 👩‍💻", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1da8-71a9-bc91-ebba891eb068', '\x93b15b2b1c3647a8af504eb895a32724', '127.0.0.1', 'node', '7e1b5842-3720-4a82-95f6-8e16ae214875', NULL, '{"id": "01a21bad-1da8-71a9-bc91-e4c376f239f7", "link": null, "title": "Baseline task 8: report-final.pdf", "status": "in-progress", "dueDate": "2026-12-01T06:24:19.878Z", "ownerId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "version": 1, "category": null, "priority": "medium", "createdAt": "2026-11-27T06:24:19.880Z", "updatedAt": "2026-11-27T06:24:19.880Z", "assigneeId": null, "completedAt": null, "description": null, "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1db9-7706-b004-2cd50236448a', '\x088827eda28541ee9b30ed6a3b5e1bb5', '127.0.0.1', 'node', '88125505-c073-4e49-bf23-1a2e3c24123a', NULL, '{"id": "01a21bad-1db9-7706-b004-2aa6fa516b11", "link": null, "title": "Baseline task 9: report-final.pdf", "status": "completed", "dueDate": "2026-12-02T06:24:19.892Z", "ownerId": "01a21bad-1ab5-7399-8453-22fa2439bfb3", "version": 1, "category": null, "priority": "high", "createdAt": "2026-11-27T06:24:19.897Z", "updatedAt": "2026-11-27T06:24:19.897Z", "assigneeId": null, "completedAt": "2026-11-27T06:24:19.897Z", "description": "Größe, 日本語 and emoji 👩‍💻", "organizationId": "01a21bad-1aac-77b6-9d2d-e4a874ca3b07"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1e42-736f-918f-c5d44562495b', '\x0afdd4ee9bec0189d4559c01efca755b', '127.0.0.1', 'node', '032fda60-a692-47c7-871e-cbaa8bdf13c8', NULL, '{"status": "processing", "taskId": "01a21bad-1d0f-76b8-9fd8-af01b199909d", "filename": "photo.png", "sizeBytes": 143, "contentType": "image/png"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1e7b-7634-a81c-0129c941d4c8', '\x586b69137d66f97a17cfe967767d90a1', '127.0.0.1', 'node', '5c730301-8e38-4ba6-b6ce-de93981aa8a9', NULL, '{"status": "ready", "taskId": "01a21bad-1d1e-77dc-b098-30a0b0c32e51", "filename": "notes.txt", "sizeBytes": 16, "contentType": "text/plain; charset=utf-8"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1e80-7344-8a44-25563b8fff51', '\xf77763d80149b98082d0cc04eaff7b21', NULL, NULL, NULL, '{"status": "processing"}', '{"status": "ready", "widthPx": 40, "heightPx": 40, "sizeBytes": 82, "contentType": "image/webp"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1ea2-71db-bc70-a487213ba716', '\x19cfa8083a170b7aaf12727bc20dcc84', '127.0.0.1', 'node', 'a891c6a3-6848-4d02-afa6-a540524e66ba', NULL, '{"id": "01a21bad-1e9c-723a-a71d-cb2f828fdbf4", "late": false, "type": "both", "sentAt": null, "status": "pending", "taskId": "01a21bad-1d0f-76b8-9fd8-af01b199909d", "message": null, "createdAt": "2026-11-27T06:24:20.125Z", "scheduledAt": "2026-11-27T06:24:20.408Z", "offsetMinutes": null}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1fa9-74bf-8fe1-f93fbed0b260', '\x9cdf0236155ea98f653836db6c748cf7', '127.0.0.1', 'node', '7e8ca42c-9f93-4a60-9d6c-19b5a835f60f', NULL, '{"requestId": "01a21bad-1f19-7101-ac77-720fa7db6f8b"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1fd0-748b-8ce3-4ff7e7aa8af0', '\xe1cf857f784ba8b816117db8f9ec4815', '127.0.0.1', 'node', '5db0db6b-6413-43ca-9723-af70036442d6', NULL, '{"requestId": "01a21bad-1f19-7101-ac77-720fa7db6f8b"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-1ffd-75de-b46f-40de363e6457', '\x261fc9e2ab7f28c0c6b1a3159da5731a', '127.0.0.1', 'node', 'bd6c39dd-2495-4abc-901f-efcdbde08a67', NULL, NULL);
INSERT INTO public.audit_personal VALUES ('01a21bad-2013-72cd-832f-56f020946af3', '\x8d71b9c9386168ca155f3199727f06b8', '127.0.0.1', 'node', '8f4fa521-0e10-47f2-890f-b93b9b18af9b', '{}', '{"morningDigest": false}');
INSERT INTO public.audit_personal VALUES ('01a21bad-20cd-7760-b4b8-285f65bb4af9', '\xae3ef43b7bb484f729b04c4511a05e8d', '127.0.0.1', 'node', 'd19833b6-4f07-4cef-bb39-9bacd164fab6', NULL, '{"uploadId": "01a21bad-20b6-7797-8f96-84d05efc6504", "sizeBytes": 228}');
INSERT INTO public.audit_personal VALUES ('01a21bad-2131-757b-a8fc-a385730fb658', '\x281241fd96fd5fa887348f87692b49a6', NULL, NULL, NULL, '{"status": "pending"}', '{"late": false, "status": "sent"}');
INSERT INTO public.audit_personal VALUES ('01a21bad-2180-776e-b460-97a38061d3ca', '\x7f0dbf56aa7218cf5ea7cdc900ec9a6c', NULL, NULL, NULL, NULL, '{"uploadId": "01a21bad-20b6-7797-8f96-84d05efc6504"}');

INSERT INTO public.blocks VALUES ('01a21bad-1b40-710f-9f47-8e7f898b82bc', '01a21bac-e2c7-721b-a751-f4198d896b96', '2026-11-27 06:24:20.472+00');

INSERT INTO public.email_messages VALUES ('01a21bad-1987-746a-adb9-0a758c3a45bb', 'register-code', 'grace@example.test', NULL, '{"name": "Chaos User"}', 'sent', 1, 1, 'k1', '2026-11-27 06:29:18.822509+00', NULL, NULL, NULL, NULL, '<01a21bad-1987-746a-adb9-0a758c3a45bb@muster.test>', '2026-11-27 06:24:18.822509+00', '2026-11-27 06:24:19.028+00', NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-2117-71d1-be4d-b691855f27b9', 'reminder', 'grace@example.test', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '{"kind": "reminder", "late": false, "taskId": "01a21bad-1d0f-76b8-9fd8-af01b199909d", "dueDate": "2026-11-24T06:24:19.723Z", "message": null, "category": "Café", "priority": "low", "timezone": "UTC", "taskTitle": "Baseline task 1: report-final.pdf", "scheduledAt": "2026-11-27T06:24:20.408Z"}', 'sent', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '<01a21bad-2117-71d1-be4d-b691855f27b9@muster.test>', '2026-11-27 06:24:20.680818+00', '2026-11-27 06:24:20.858+00', '01a21bad-2109-77bd-afd0-15b5ed854f69', NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1ab8-7473-8991-82ebc9cc9a61', 'welcome', 'grace@example.test', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '{"name": "Chaos User"}', 'sent', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '<01a21bad-1ab8-7473-8991-82ebc9cc9a61@muster.test>', '2026-11-27 06:24:19.105155+00', '2026-11-27 06:24:19.163+00', NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-24e4-7439-a5d9-1a38e5e2670d', 'invite', 'newcomer@example.test', NULL, '{"role": "client_user", "invitedBy": "Chaos User", "organizationName": "Chaos User"}', 'queued', 0, 1, NULL, '2026-12-04 06:24:21.72+00', NULL, NULL, NULL, NULL, NULL, '2026-11-27 06:24:21.72091+00', NULL, NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1ae6-7163-8d09-3a7eae11f266', 'invite', 'linus@example.test', NULL, '{"role": "client_user", "invitedBy": "Chaos User", "organizationName": "Chaos User"}', 'sent', 1, 1, 'k1', '2026-12-04 06:24:19.149+00', NULL, NULL, NULL, NULL, '<01a21bad-1ae6-7163-8d09-3a7eae11f266@muster.test>', '2026-11-27 06:24:19.153512+00', '2026-11-27 06:24:19.228+00', NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-2531-744a-958c-d3c0a8c741ae', 'password-changed', 'olga@example.test', '01a21bad-1b94-7670-b8bc-41f25eecd395', '{"at": "2026-11-27T06:24:21.799Z", "ip": "127.0.0.1", "how": "changed", "name": "olga of the baseline", "device": "node", "timezone": "UTC"}', 'queued', 0, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2026-11-27 06:24:21.799337+00', NULL, NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1b48-7387-a0da-1711bffe73b7', 'invite-accepted', 'grace@example.test', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '{"name": "Chaos User", "role": "client_user", "email": "linus@example.test", "personName": "linus of the baseline", "organizationName": "Chaos User"}', 'sent', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '<01a21bad-1b48-7387-a0da-1711bffe73b7@muster.test>', '2026-11-27 06:24:19.26256+00', '2026-11-27 06:24:19.31+00', '01a21bad-1b44-765a-8dd1-262af0e8303c', NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1b62-714c-b77e-5c17bddfb251', 'invite', 'olga@example.test', NULL, '{"role": "operator", "invitedBy": "Administrator", "organizationName": null}', 'sent', 1, 1, 'k1', '2026-12-04 06:24:19.294+00', NULL, NULL, NULL, NULL, '<01a21bad-1b62-714c-b77e-5c17bddfb251@muster.test>', '2026-11-27 06:24:19.294488+00', '2026-11-27 06:24:19.321+00', NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1b9f-70c1-99b0-831da986e558', 'invite-accepted', 'ada@example.test', '01a21bac-e2c7-721b-a751-f4198d896b96', '{"name": "Administrator", "role": "operator", "email": "olga@example.test", "personName": "olga of the baseline", "organizationName": null}', 'sent', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '<01a21bad-1b9f-70c1-99b0-831da986e558@muster.test>', '2026-11-27 06:24:19.343055+00', '2026-11-27 06:24:19.411+00', '01a21bad-1b9a-7247-87ea-af8b118ed791', NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1bc1-718c-81ae-2df2bc470db0', 'invite', 'sita@example.test', NULL, '{"role": "site_admin", "invitedBy": "Administrator", "organizationName": null}', 'sent', 1, 1, 'k1', '2026-12-04 06:24:19.386+00', NULL, NULL, NULL, NULL, '<01a21bad-1bc1-718c-81ae-2df2bc470db0@muster.test>', '2026-11-27 06:24:19.387277+00', '2026-11-27 06:24:19.431+00', NULL, NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1c15-7648-a72e-3b170284b658', 'invite-accepted', 'ada@example.test', '01a21bac-e2c7-721b-a751-f4198d896b96', '{"name": "Administrator", "role": "site_admin", "email": "sita@example.test", "personName": "sita of the baseline", "organizationName": null}', 'sent', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '<01a21bad-1c15-7648-a72e-3b170284b658@muster.test>', '2026-11-27 06:24:19.465223+00', '2026-11-27 06:24:19.564+00', '01a21bad-1c14-7395-8e83-8d5db7efd032', NULL);
INSERT INTO public.email_messages VALUES ('01a21bad-1cdf-752d-85a6-7f2354e4b4a1', 'two-factor-changed', 'grace@example.test', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '{"at": "2026-11-27T06:24:19.667Z", "ip": "127.0.0.1", "name": "Chaos User", "change": "totp-on", "device": "node", "timezone": "UTC"}', 'sent', 1, 1, NULL, NULL, NULL, NULL, NULL, NULL, '<01a21bad-1cdf-752d-85a6-7f2354e4b4a1@muster.test>', '2026-11-27 06:24:19.667467+00', '2026-11-27 06:24:19.718+00', NULL, NULL);

INSERT INTO public.friendships VALUES ('01a21bad-1f19-7101-ac77-720fa7db6f8b', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '2026-11-27 06:24:20.408+00', '2026-11-27 06:24:20.198+00');

INSERT INTO public.invites VALUES ('01a21bad-1acd-77db-8815-7b109f0b6f8b', 'linus@example.test', 'client_user', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', NULL, '01a21bad-1ab5-7399-8453-22fa2439bfb3', '01a21bad-1ae6-7163-8d09-3a7eae11f266', 'accepted', '2026-12-04 06:24:19.149+00', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '2026-11-27 06:24:19.262+00', '2026-11-27 06:24:19.149+00', '2026-11-27 06:24:19.262+00');
INSERT INTO public.invites VALUES ('01a21bad-1b5e-730c-8d8e-7edf0e30be9a', 'olga@example.test', 'operator', NULL, NULL, '01a21bac-e2c7-721b-a751-f4198d896b96', '01a21bad-1b62-714c-b77e-5c17bddfb251', 'accepted', '2026-12-04 06:24:19.294+00', '01a21bad-1b94-7670-b8bc-41f25eecd395', '2026-11-27 06:24:19.343+00', '2026-11-27 06:24:19.294+00', '2026-11-27 06:24:19.343+00');
INSERT INTO public.invites VALUES ('01a21bad-1bba-715d-ab11-46c12ef14577', 'sita@example.test', 'site_admin', NULL, NULL, '01a21bac-e2c7-721b-a751-f4198d896b96', '01a21bad-1bc1-718c-81ae-2df2bc470db0', 'accepted', '2026-12-04 06:24:19.386+00', '01a21bad-1c0a-74a8-b52f-be5326f98175', '2026-11-27 06:24:19.465+00', '2026-11-27 06:24:19.386+00', '2026-11-27 06:24:19.465+00');
INSERT INTO public.invites VALUES ('01a21bad-24d8-7091-b782-e55f1788afa2', 'newcomer@example.test', 'client_user', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', NULL, '01a21bad-1ab5-7399-8453-22fa2439bfb3', '01a21bad-24e4-7439-a5d9-1a38e5e2670d', 'pending', '2026-12-04 06:24:21.72+00', NULL, NULL, '2026-11-27 06:24:21.72+00', '2026-11-27 06:24:21.72+00');

INSERT INTO public.key_checks VALUES ('ACCESS_TOKEN_KEYS', 'k1', '\x05672d09b8d22ccf31a2b8ec64c6e3b11c119f7507f8e129a16a8f1735a435c9', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:04.76181+00');
INSERT INTO public.key_checks VALUES ('COOKIE_KEYS', 'k1', '\x02ed32b84bae565e9f4bcf6ae4b2527a00da1cd2553886e5285986dc51ada64c', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:04.76181+00');
INSERT INTO public.key_checks VALUES ('ENCRYPTION_KEYS', 'k1', '\x406807fae7229c85be5e6ffe515dbbea141c6d2863ec87df33b2b2c20b5499a4', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:04.76181+00');
INSERT INTO public.key_checks VALUES ('MAIL_CODE_KEYS', 'k1', '\xe00d59a5e0356c08dda6de5ec4eaeef3fa4b8dcc42ac5d10b198e251927a17e5', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:04.76181+00');
INSERT INTO public.key_checks VALUES ('PASSWORD_KEYS', 'k1', '\xee1d55baacbe61cfbc4c756b86c31f93cb8ad04adb1fb1e0900f1e42488bf24d', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:04.76181+00');
INSERT INTO public.key_checks VALUES ('REFRESH_TOKEN_KEYS', 'k1', '\xf13a73a98e3580a140507eb32257a09cd3b0669d6a559f8717e566a214a3b300', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:04.76181+00');
INSERT INTO public.key_checks VALUES ('AUDIT_KEYS', 'k1', '\x2b6e3f9d217e2caf925ba6d78730f9197f5e2ef742082ca1212949ac96333501', NULL, '2026-11-27 06:24:04.76181+00', '2026-11-27 06:24:17.884375+00');

INSERT INTO public.known_devices VALUES ('01a21bac-e2c7-721b-a751-f4198d896b96', 'node', '127.0.0.0/24', '2026-11-27 06:24:18.731+00', '2026-11-27 06:24:18.731+00');
INSERT INTO public.known_devices VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', 'node', '127.0.0.0/24', '2026-11-27 06:24:19.104+00', '2026-11-27 06:24:19.104+00');
INSERT INTO public.known_devices VALUES ('01a21bad-1b40-710f-9f47-8e7f898b82bc', 'node', '127.0.0.0/24', '2026-11-27 06:24:19.274+00', '2026-11-27 06:24:19.274+00');
INSERT INTO public.known_devices VALUES ('01a21bad-1b94-7670-b8bc-41f25eecd395', 'node', '127.0.0.0/24', '2026-11-27 06:24:19.361+00', '2026-11-27 06:24:19.361+00');
INSERT INTO public.known_devices VALUES ('01a21bad-1c0a-74a8-b52f-be5326f98175', 'node', '127.0.0.0/24', '2026-11-27 06:24:19.478+00', '2026-11-27 06:24:19.478+00');

INSERT INTO public.kysely_migration VALUES ('0001_people', '2026-11-27T06:23:58.693Z');
INSERT INTO public.kysely_migration VALUES ('0002_work', '2026-11-27T06:23:58.878Z');
INSERT INTO public.kysely_migration VALUES ('0003_mail', '2026-11-27T06:23:58.935Z');
INSERT INTO public.kysely_migration VALUES ('0004_outbox', '2026-11-27T06:23:58.971Z');
INSERT INTO public.kysely_migration VALUES ('0005_audit', '2026-11-27T06:23:59.137Z');
INSERT INTO public.kysely_migration VALUES ('0006_identity', '2026-11-27T06:23:59.395Z');
INSERT INTO public.kysely_migration VALUES ('0007_invites', '2026-11-27T06:23:59.475Z');
INSERT INTO public.kysely_migration VALUES ('0008_audit_retention', '2026-11-27T06:23:59.588Z');
INSERT INTO public.kysely_migration VALUES ('0009_notifications', '2026-11-27T06:23:59.641Z');
INSERT INTO public.kysely_migration VALUES ('0010_reminders_complete', '2026-11-27T06:23:59.746Z');
INSERT INTO public.kysely_migration VALUES ('0011_audit_places', '2026-11-27T06:23:59.753Z');
INSERT INTO public.kysely_migration VALUES ('0012_search_words', '2026-11-27T06:23:59.828Z');
INSERT INTO public.kysely_migration VALUES ('0013_one_history', '2026-11-27T06:23:59.904Z');
INSERT INTO public.kysely_migration VALUES ('0014_key_checks', '2026-11-27T06:23:59.938Z');
INSERT INTO public.kysely_migration VALUES ('0015_suppressions', '2026-11-27T06:23:59.983Z');

INSERT INTO public.kysely_migration_checksum VALUES ('0001_people', '199db4604d28258560960ca27aad8d35c9d298d50323963a62e5a0152a1c01c8', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0002_work', 'f327536504e9ea386be9d55317d4ae9f67192e335d332835cf9705fa328cc320', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0003_mail', '23f7976c44caf3b240757876b3fd6330948f255e45e3819666a1654e0e0e8f96', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0004_outbox', 'd6ce8b15d8d81346925a74e0f5401e9756e964406fa539cda1e18795d4afcfc4', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0005_audit', '9b1d482a504cc4cf5bf041d900c7e04c67632425f7609f6ee2be344119880c78', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0006_identity', '9975475aeff23c05770875a21415521b88042b081d34575574306fd493b2be0b', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0007_invites', '074170a13f0f1784d4c395472e74948a7ba3cb6449531a666f683c8f03485bb5', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0008_audit_retention', '3615c5f2cf20c5319257c84fdbdf978edb5e698f27bb68823fa0d209192155ac', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0009_notifications', 'e03985b9d40215ed310b389ec8db958bf5e456a9f82d2633879bbf48a37b290f', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0010_reminders_complete', 'a92e24f38d71657094e7772afaaa75b6803269987ac0a58d615bc5566020c766', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0011_audit_places', 'cf009b853e52cd2916bc125cd6d851f4bef669bdec7c8f5243968cab2d7ee943', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0012_search_words', '39f59023302ba12422740e1101bac4e3b58eec90e31559b790842fbe752f5313', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0013_one_history', '6d168f141071abba41842ce1f3b89b527161f7621acd42d01325fc507a1762a0', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0014_key_checks', '6f989d304a5cf24b7a039679f2446ca9340c5230bb8028875d5c17085f6c2492', '2026-11-27 06:23:58.536504+00');
INSERT INTO public.kysely_migration_checksum VALUES ('0015_suppressions', 'b89c76991b4caf539a7f31a35deea092395441bad67de1c5b4290029de7e98f5', '2026-11-27 06:23:58.536504+00');

INSERT INTO public.kysely_migration_lock VALUES ('migration_lock', 0);

INSERT INTO public.notifications VALUES ('01a21bad-1b44-765a-8dd1-20ba0acf562e', '01a21bac-e2c7-721b-a751-f4198d896b96', 'invite', 'Invitation accepted', 'linus of the baseline accepted the invitation of Chaos User.', NULL, NULL, '{"role": "client_user", "email": "linus@example.test", "event": "inviteStatusUpdate", "status": "accepted", "userId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "inviteId": "01a21bad-1acd-77db-8815-7b109f0b6f8b", "organizationName": "Chaos User"}', false, '2026-11-27 06:24:19.262+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-1b44-765a-8dd1-262af0e8303c', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'invite', 'Invitation accepted', 'linus of the baseline accepted your invitation.', NULL, NULL, '{"role": "client_user", "email": "linus@example.test", "event": "inviteAccepted", "status": "accepted", "userId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "inviteId": "01a21bad-1acd-77db-8815-7b109f0b6f8b", "organizationName": "Chaos User"}', false, '2026-11-27 06:24:19.262+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-1b9a-7247-87ea-af8b118ed791', '01a21bac-e2c7-721b-a751-f4198d896b96', 'invite', 'Invitation accepted', 'olga of the baseline accepted your invitation.', NULL, NULL, '{"role": "operator", "email": "olga@example.test", "event": "inviteAccepted", "status": "accepted", "userId": "01a21bad-1b94-7670-b8bc-41f25eecd395", "inviteId": "01a21bad-1b5e-730c-8d8e-7edf0e30be9a", "organizationName": null}', false, '2026-11-27 06:24:19.343+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-1c14-7395-8e83-8d5db7efd032', '01a21bac-e2c7-721b-a751-f4198d896b96', 'invite', 'Invitation accepted', 'sita of the baseline accepted your invitation.', NULL, NULL, '{"role": "site_admin", "email": "sita@example.test", "event": "inviteAccepted", "status": "accepted", "userId": "01a21bad-1c0a-74a8-b52f-be5326f98175", "inviteId": "01a21bad-1bba-715d-ab11-46c12ef14577", "organizationName": null}', false, '2026-11-27 06:24:19.465+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-1cdd-76de-959b-66257fb1d800', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'security', 'Second factor changed', 'An authenticator app is your second factor now. This came from node, 127.0.0.1.', NULL, NULL, '{"at": "2026-11-27T06:24:19.667Z", "ip": "127.0.0.1", "event": "two-factor-changed", "device": "node"}', false, '2026-11-27 06:24:19.667+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-1f2e-7663-bf17-a5d8c2cff4ad', '01a21bad-1b40-710f-9f47-8e7f898b82bc', 'general', 'Friend request', 'Chaos User would like to be your friend.', NULL, NULL, '{"userId": "01a21bad-1ab5-7399-8453-22fa2439bfb3", "requestId": "01a21bad-1f19-7101-ac77-720fa7db6f8b"}', false, '2026-11-27 06:24:20.198+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-1fc1-71c4-9db8-c0683ec78237', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'general', 'Friend request accepted', 'linus of the baseline is your friend now.', NULL, NULL, '{"userId": "01a21bad-1b40-710f-9f47-8e7f898b82bc", "requestId": "01a21bad-1f19-7101-ac77-720fa7db6f8b"}', false, '2026-11-27 06:24:20.408+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-2109-77bd-afd0-15b5ed854f69', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'reminder', 'Reminder: Baseline task 1: report-final.pdf', '“Baseline task 1: report-final.pdf” is due.', '01a21bad-1d0f-76b8-9fd8-af01b199909d', NULL, '{"late": false, "dueDate": "2026-11-24T06:24:19.723Z", "reminderId": "01a21bad-1e9c-723a-a71d-cb2f828fdbf4", "scheduledAt": "2026-11-27T06:24:20.408Z"}', false, '2026-11-27 06:24:20.723+00', NULL);
INSERT INTO public.notifications VALUES ('01a21bad-252e-7358-a89b-0eaf692306fb', '01a21bad-1b94-7670-b8bc-41f25eecd395', 'security', 'Password changed', 'Your password was changed. This came from node, 127.0.0.1.', NULL, NULL, '{"at": "2026-11-27T06:24:21.799Z", "ip": "127.0.0.1", "event": "password-changed", "device": "node"}', false, '2026-11-27 06:24:21.799+00', NULL);

INSERT INTO public.organizations VALUES ('01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Chaos User', true, 'none', '2026-11-27 06:24:19.104+00', '2026-11-27 06:24:19.105155+00');

INSERT INTO public.outbox VALUES ('01a21bad-24a6-7629-8675-679701615cff', 'image', 'optimize-image', '{"attachmentId": "01a21bad-2476-7769-8674-5ebdc54e107f"}', NULL, '2026-11-27 06:24:21.671271+00', '2026-11-27 06:24:21.779714+00', NULL, NULL);
INSERT INTO public.outbox VALUES ('01a21bad-24e9-7707-b75b-916340d1228a', 'email', 'send-email', '{"emailId": "01a21bad-24e4-7439-a5d9-1a38e5e2670d"}', NULL, '2026-11-27 06:24:21.747188+00', '2026-11-27 06:24:21.779803+00', NULL, NULL);
INSERT INTO public.outbox VALUES ('01a21bad-2533-76da-9e91-814a6a7f0dab', 'email', 'send-email', '{"emailId": "01a21bad-2531-744a-958c-d3c0a8c741ae"}', NULL, '2026-11-27 06:24:21.820042+00', '2026-11-27 06:24:21.976767+00', NULL, NULL);

INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x04aa9a756bf8e6180c0b6a75fdba0a3deb6f3dbeff63094e8195253cae510a5b', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x142bbb993a305aa0994551972b88eddb766b5d64d59679576bf35fab69734365', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x196f623c08ae4d6c34a8a5c7922971a467ff3ddb7e61ddadbb909ba3bbf72631', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x07b55acfcac27b2f30c566a1f844d1e9345681cd72be0731b9b09ab317c662c0', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x505ad329e3f2083d196c96db12634d1520b00b359d7fc997c8afe05b0ee6c63c', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x798e0c5857ab4223e61230900e05acde39031143cda22cb3e900505cdaa9ed37', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x625780322add6f9e4aca75d83bd1c9c2fdb6ff6c5c54f8d008c904dbc955b566', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\xad9df30f22351813a77b5dad8c344f395e007106086aa12f543240281c2a08ce', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\xc206d60f385a4aabe6bcedebd58fa61443ceab84b8c3829ffdb9d8e9e35efa23', NULL, '2026-11-27 06:24:19.667+00');
INSERT INTO public.recovery_codes VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '\xe94f7d2e89838cbf97c9f5b394bd4ae336d58995be14b8781cc2da378232a2bb', NULL, '2026-11-27 06:24:19.667+00');

INSERT INTO public.reminder_deliveries VALUES ('01a21bad-20f3-70b5-983d-347b087e46a6', '01a21bad-1e9c-723a-a71d-cb2f828fdbf4', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:20.408+00', false, '2026-11-27 06:24:20.723+00');

INSERT INTO public.reminders VALUES ('01a21bad-1e9c-723a-a71d-cb2f828fdbf4', '01a21bad-1d0f-76b8-9fd8-af01b199909d', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2026-11-27 06:24:20.408+00', NULL, 'both', NULL, 'sent', NULL, false, '2026-11-27 06:24:20.642+00', '2026-11-27 06:24:20.723+00', NULL, 2, '2026-11-27 06:24:20.125+00', '2026-11-27 06:24:20.680818+00');
INSERT INTO public.reminders VALUES ('01a21bad-24b3-77c4-adaa-254161194ab2', '01a21bad-1d5f-7137-91bc-18d3959cd83b', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '2026-11-27 06:34:21.68+00', NULL, 'both', NULL, 'pending', NULL, false, NULL, NULL, NULL, 1, '2026-11-27 06:24:21.683+00', '2026-11-27 06:24:21.683+00');
INSERT INTO public.reminders VALUES ('01a21bad-24ca-73fa-978e-1ca87506d67d', '01a21bad-1d82-7374-988d-a83a3e701dd7', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '2126-11-03 06:24:21.695+00', NULL, 'both', NULL, 'pending', NULL, false, NULL, NULL, NULL, 1, '2026-11-27 06:24:21.706+00', '2026-11-27 06:24:21.706+00');

INSERT INTO public.sessions VALUES ('01a21bad-192b-73af-8925-02c6607b826b', '01a21bac-e2c7-721b-a751-f4198d896b96', '\x8cd06688aeed4bf4360429c1b913cd9db63c0f63792bb5de2054635c5d7be6a5', 0, '2026-11-27 06:24:18.731+00', false, false, 'node', '127.0.0.1', '2026-11-27 06:24:18.731+00', '2026-11-27 06:24:18.731+00', '2026-12-04 06:24:18.731+00', NULL, NULL, NULL, NULL);
INSERT INTO public.sessions VALUES ('01a21bad-1b4a-73c4-bf29-d19e7846fc03', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '\xf92680b559cfce5661510ae9120b20224f46140a7f3e2ecb15344e85cf5ce21e', 0, '2026-11-27 06:24:19.274+00', false, false, 'node', '127.0.0.1', '2026-11-27 06:24:19.274+00', '2026-11-27 06:24:19.274+00', '2026-12-04 06:24:19.274+00', NULL, NULL, NULL, NULL);
INSERT INTO public.sessions VALUES ('01a21bad-1ba1-7374-b426-708c2f99d7a3', '01a21bad-1b94-7670-b8bc-41f25eecd395', '\xf549fb52c08be3893fd63968758e7b6fd866b8630e45f397c44c10d0c491ffb0', 0, '2026-11-27 06:24:19.361+00', false, false, 'node', '127.0.0.1', '2026-11-27 06:24:19.361+00', '2026-11-27 06:24:19.361+00', '2026-12-04 06:24:19.361+00', NULL, NULL, NULL, NULL);
INSERT INTO public.sessions VALUES ('01a21bad-1ab9-77e0-9b9a-e9c963975082', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '\x8d651e7257f66b8e2ac574657da3fec0bf00f9fd52fed8ce3faa0ef4fc33527e', 0, '2026-11-27 06:24:19.129+00', true, false, 'node', '127.0.0.1', '2026-11-27 06:24:19.129+00', '2026-11-27 06:24:19.129+00', '2026-12-04 06:24:19.129+00', NULL, NULL, '2026-11-27 06:24:21.667+00', '2026-11-27 06:24:19.676459+00');
INSERT INTO public.sessions VALUES ('01a21bad-1c16-74de-92e3-cc4c7b32bb79', '01a21bad-1c0a-74a8-b52f-be5326f98175', '\x1965d50cebe91e5feb07aa8124bc9be31f4666768ab3e5e8f2ee6721c615fef3', 0, '2026-11-27 06:24:19.478+00', false, false, 'node', '127.0.0.1', '2026-11-27 06:24:19.478+00', '2026-11-27 06:24:19.478+00', '2026-12-04 06:24:19.478+00', '2026-11-27 06:24:21.849+00', 'deactivated', NULL, '2026-11-27 06:24:21.855225+00');

INSERT INTO public.tasks VALUES ('01a21bad-1d55-73da-b0bc-9bae944e18bf', '01a21bad-1ab5-7399-8453-22fa2439bfb3', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 3: report-final.pdf', 'Größe, 日本語 and emoji 👩‍💻', '2026-11-26 06:24:19.789+00', 'high', NULL, 'completed', NULL, '2026-11-27 06:24:19.797+00', 1, '2026-11-27 06:24:19.797+00', '2026-11-27 06:24:19.797+00', NULL, NULL, DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1d82-7374-988d-a83a3e701dd7', '01a21bad-1ab5-7399-8453-22fa2439bfb3', '01a21bad-1b40-710f-9f47-8e7f898b82bc', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 5: report-final.pdf', 'Größe, 日本語 and emoji 👩‍💻', '2026-11-28 06:24:19.837+00', 'medium', NULL, 'in-progress', NULL, NULL, 1, '2026-11-27 06:24:19.842+00', '2026-11-27 06:24:19.842+00', NULL, NULL, DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1d8c-713b-8e4c-1c0e37f98f48', '01a21bad-1b40-710f-9f47-8e7f898b82bc', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 6: report-final.pdf', NULL, '2026-11-29 06:24:19.85+00', 'high', NULL, 'completed', NULL, '2026-11-27 06:24:19.852+00', 1, '2026-11-27 06:24:19.852+00', '2026-11-27 06:24:19.852+00', NULL, NULL, DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1d0f-76b8-9fd8-af01b199909d', '01a21bad-1ab5-7399-8453-22fa2439bfb3', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 1: report-final.pdf', 'Größe, 日本語 and emoji 👩‍💻', '2026-11-24 06:24:19.723+00', 'low', 'Café', 'todo', NULL, NULL, 1, '2026-11-27 06:24:19.727+00', '2026-11-27 06:24:19.727+00', '2026-11-24 06:24:19.723+00', '2026-11-24 06:24:19.723+00', DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1d1e-77dc-b098-30a0b0c32e51', '01a21bad-1b40-710f-9f47-8e7f898b82bc', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 2: report-final.pdf', NULL, '2026-11-25 06:24:19.74+00', 'medium', NULL, 'in-progress', NULL, NULL, 1, '2026-11-27 06:24:19.742+00', '2026-11-27 06:24:19.742+00', '2026-11-25 06:24:19.74+00', '2026-11-25 06:24:19.74+00', DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1d5f-7137-91bc-18d3959cd83b', '01a21bad-1b40-710f-9f47-8e7f898b82bc', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 4: report-final.pdf', NULL, '2026-11-27 06:24:19.805+00', 'low', 'Café', 'todo', NULL, NULL, 1, '2026-11-27 06:24:19.807+00', '2026-11-27 06:24:19.807+00', '2026-11-27 06:24:19.805+00', '2026-11-27 06:24:19.805+00', DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1da0-760f-8c8b-f537e06add29', '01a21bad-1ab5-7399-8453-22fa2439bfb3', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 7: report-final.pdf', 'Größe, 日本語 and emoji 👩‍💻', '2026-11-30 06:24:19.867+00', 'low', 'Café', 'todo', NULL, NULL, 1, '2026-11-27 06:24:19.872+00', '2026-11-27 06:24:19.872+00', NULL, NULL, DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1da8-71a9-bc91-e4c376f239f7', '01a21bad-1b40-710f-9f47-8e7f898b82bc', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 8: report-final.pdf', NULL, '2026-12-01 06:24:19.878+00', 'medium', NULL, 'in-progress', NULL, NULL, 1, '2026-11-27 06:24:19.88+00', '2026-11-27 06:24:19.88+00', NULL, NULL, DEFAULT);
INSERT INTO public.tasks VALUES ('01a21bad-1db9-7706-b004-2aa6fa516b11', '01a21bad-1ab5-7399-8453-22fa2439bfb3', NULL, '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', 'Baseline task 9: report-final.pdf', 'Größe, 日本語 and emoji 👩‍💻', '2026-12-02 06:24:19.892+00', 'high', NULL, 'completed', NULL, '2026-11-27 06:24:19.897+00', 1, '2026-11-27 06:24:19.897+00', '2026-11-27 06:24:19.897+00', NULL, NULL, DEFAULT);

INSERT INTO public.totp_secrets VALUES ('01a21bad-1cb7-776e-b723-f3ebbb79a291', '01a21bad-1ab5-7399-8453-22fa2439bfb3', 'k1', '\x8d4e9b5428f96f010f5d5b7ad144a300cd3d33f1c20ba6a9cc1b108cec0f025a6ca719bcccc76556b3c8be47f89eeb2c', '2026-11-27 06:24:19.667+00', 59858688, '2026-11-27 06:24:19.638+00');

INSERT INTO public.user_preferences VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', '{"morningDigest": false}', '2026-11-27 06:24:20.497+00');

INSERT INTO public.users VALUES ('01a21bac-e2c7-721b-a751-f4198d896b96', 'ada', 'Administrator', 'ada@example.test', 'k1$$2b$04$tMEkey5erPfr1sYKMnCna.kvTU65z5IB2mDwg4bwk5BRxXjXaQrl.', 'super_admin', NULL, NULL, NULL, 'UTC', 'none', NULL, true, '2026-11-27 06:24:18.731+00', 2, '2026-11-27 06:24:04.809+00', '2026-11-27 06:24:18.804+00', NULL, NULL, NULL, NULL, NULL, '2026-11-28 05:00:00+00');
INSERT INTO public.users VALUES ('01a21bad-1b40-710f-9f47-8e7f898b82bc', 'linus', 'linus of the baseline', 'linus@example.test', 'k1$$2b$04$8OWwyqRWHFm7gmPvPO2lPOPd8dliMaBXgLlX9RJkarSdkE2n33n7O', 'client_user', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', NULL, NULL, 'UTC', 'none', NULL, true, '2026-11-27 06:24:19.274+00', 1, '2026-11-27 06:24:19.262+00', '2026-11-27 06:24:19.26256+00', NULL, NULL, NULL, NULL, NULL, '2026-11-28 05:00:00+00');
INSERT INTO public.users VALUES ('01a21bad-1ab5-7399-8453-22fa2439bfb3', 'grace', 'Chaos User', 'grace@example.test', 'k1$$2b$04$BNqZr70fwOvr0bE5uuMXquubam49O2/Rn5wm5qOmX.C4r0MvWBR6e', 'client_admin', '01a21bad-1aac-77b6-9d2d-e4a874ca3b07', NULL, 'avatars/01a21bad-1ab5-7399-8453-22fa2439bfb3/01a21bad-20b6-7797-8f96-84d05efc6504/picture', 'UTC', 'totp', NULL, true, '2026-11-27 06:24:19.104+00', 3, '2026-11-27 06:24:19.104+00', '2026-11-27 06:24:20.862+00', NULL, 'ready', NULL, NULL, NULL, NULL);
INSERT INTO public.users VALUES ('01a21bad-1b94-7670-b8bc-41f25eecd395', 'olga', 'olga of the baseline', 'olga@example.test', 'k1$$2b$04$hexXHlZz7TT4DQ7ACJjFyOjNUOic29.ioAGhqSOQjaBR2ofWDgLHa', 'operator', NULL, NULL, NULL, 'UTC', 'none', NULL, true, '2026-11-27 06:24:19.361+00', 2, '2026-11-27 06:24:19.343+00', '2026-11-27 06:24:21.799+00', NULL, NULL, NULL, NULL, NULL, '2026-11-28 05:00:00+00');
INSERT INTO public.users VALUES ('01a21bad-1c0a-74a8-b52f-be5326f98175', 'sita', 'sita of the baseline', 'sita@example.test', 'k1$$2b$04$8w.xmubhROuFfxmOAFmZKu3BG0NgAW0rEnXv0GRgYQUGkP/G9Sf0W', 'site_admin', NULL, NULL, NULL, 'UTC', 'none', NULL, false, '2026-11-27 06:24:19.478+00', 2, '2026-11-27 06:24:19.465+00', '2026-11-27 06:24:21.849+00', 'platform', NULL, NULL, NULL, NULL, '2026-11-27 06:24:21.849+00');

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_chain_head
    ADD CONSTRAINT audit_chain_head_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY public.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_pkey PRIMARY KEY (from_seq);

ALTER TABLE ONLY public.audit_events
    ADD CONSTRAINT audit_events_pkey PRIMARY KEY (seq, created_at);

ALTER TABLE ONLY public.audit_events_2026_11
    ADD CONSTRAINT audit_events_2026_11_pkey PRIMARY KEY (seq, created_at);

ALTER TABLE ONLY public.audit_events_2026_12
    ADD CONSTRAINT audit_events_2026_12_pkey PRIMARY KEY (seq, created_at);

ALTER TABLE public.audit_events
    ADD CONSTRAINT audit_events_seq_check CHECK ((seq > 0)) NOT VALID;

ALTER TABLE ONLY public.audit_pending
    ADD CONSTRAINT audit_pending_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.audit_personal
    ADD CONSTRAINT audit_personal_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_pkey PRIMARY KEY (blocker_id, blocked_id);

ALTER TABLE ONLY public.digest_deliveries
    ADD CONSTRAINT digest_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.digest_deliveries
    ADD CONSTRAINT digest_deliveries_user_id_local_date_key UNIQUE (user_id, local_date);

ALTER TABLE ONLY public.due_notices
    ADD CONSTRAINT due_notices_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.due_notices
    ADD CONSTRAINT due_notices_task_id_user_id_kind_due_date_key UNIQUE (task_id, user_id, kind, due_date);

ALTER TABLE ONLY public.email_messages
    ADD CONSTRAINT email_messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.email_suppressions
    ADD CONSTRAINT email_suppressions_id_key UNIQUE (id);

ALTER TABLE ONLY public.email_suppressions
    ADD CONSTRAINT email_suppressions_pkey PRIMARY KEY (address);

ALTER TABLE ONLY public.friendships
    ADD CONSTRAINT friendships_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (actor_id, route, key);

ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_email_id_key UNIQUE (email_id);

ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.key_checks
    ADD CONSTRAINT key_checks_check_value_key UNIQUE (check_value);

ALTER TABLE ONLY public.key_checks
    ADD CONSTRAINT key_checks_pkey PRIMARY KEY (ring, key_id);

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_pkey PRIMARY KEY (user_id, browser, network);

ALTER TABLE ONLY public.kysely_migration_checksum
    ADD CONSTRAINT kysely_migration_checksum_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.organizations
    ADD CONSTRAINT organizations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash);

ALTER TABLE ONLY public.reminder_deliveries
    ADD CONSTRAINT reminder_deliveries_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reminder_deliveries
    ADD CONSTRAINT reminder_deliveries_reminder_id_scheduled_at_key UNIQUE (reminder_id, scheduled_at);

ALTER TABLE ONLY public.reminders
    ADD CONSTRAINT reminders_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.totp_secrets
    ADD CONSTRAINT totp_secrets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.two_factor_challenges
    ADD CONSTRAINT two_factor_challenges_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.user_preferences
    ADD CONSTRAINT user_preferences_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_email_key UNIQUE (email);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_google_id_key UNIQUE (google_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_username_key UNIQUE (username);

CREATE INDEX attachments_organization_id ON public.attachments USING btree (organization_id) INCLUDE (size_bytes);

CREATE INDEX attachments_task_id ON public.attachments USING btree (task_id, created_at);

CREATE INDEX attachments_uploader_id ON public.attachments USING btree (uploader_id, id) WHERE (uploader_id IS NOT NULL);

CREATE INDEX audit_events_action ON ONLY public.audit_events USING btree (action, created_at, seq);

CREATE INDEX audit_events_2026_11_action_created_at_seq_idx ON public.audit_events_2026_11 USING btree (action, created_at, seq);

CREATE INDEX audit_events_actor_id ON ONLY public.audit_events USING btree (actor_id, created_at, seq);

CREATE INDEX audit_events_2026_11_actor_id_created_at_seq_idx ON public.audit_events_2026_11 USING btree (actor_id, created_at, seq);

CREATE INDEX audit_events_created_at ON ONLY public.audit_events USING btree (created_at, seq);

CREATE INDEX audit_events_2026_11_created_at_seq_idx ON public.audit_events_2026_11 USING btree (created_at, seq);

CREATE INDEX audit_events_target_id ON ONLY public.audit_events USING btree (target_id, created_at, seq);

CREATE INDEX audit_events_2026_11_target_id_created_at_seq_idx ON public.audit_events_2026_11 USING btree (target_id, created_at, seq);

CREATE INDEX audit_events_target_type ON ONLY public.audit_events USING btree (target_type, created_at, seq);

CREATE INDEX audit_events_2026_11_target_type_created_at_seq_idx ON public.audit_events_2026_11 USING btree (target_type, created_at, seq);

CREATE INDEX audit_events_2026_12_action_created_at_seq_idx ON public.audit_events_2026_12 USING btree (action, created_at, seq);

CREATE INDEX audit_events_2026_12_actor_id_created_at_seq_idx ON public.audit_events_2026_12 USING btree (actor_id, created_at, seq);

CREATE INDEX audit_events_2026_12_created_at_seq_idx ON public.audit_events_2026_12 USING btree (created_at, seq);

CREATE INDEX audit_events_2026_12_target_id_created_at_seq_idx ON public.audit_events_2026_12 USING btree (target_id, created_at, seq);

CREATE INDEX audit_events_2026_12_target_type_created_at_seq_idx ON public.audit_events_2026_12 USING btree (target_type, created_at, seq);

CREATE INDEX blocks_blocked_id ON public.blocks USING btree (blocked_id);

CREATE INDEX digest_deliveries_created_at ON public.digest_deliveries USING btree (created_at);

CREATE INDEX due_notices_user_id ON public.due_notices USING btree (user_id);

CREATE INDEX email_messages_created_at ON public.email_messages USING btree (created_at);

CREATE INDEX email_messages_to_address ON public.email_messages USING btree (to_address, created_at);

CREATE INDEX email_messages_user_id ON public.email_messages USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX friendships_addressee_id ON public.friendships USING btree (addressee_id);

CREATE UNIQUE INDEX friendships_pair ON public.friendships USING btree (LEAST(requester_id, addressee_id), GREATEST(requester_id, addressee_id));

CREATE INDEX friendships_requester_id ON public.friendships USING btree (requester_id);

CREATE INDEX idempotency_keys_created_at ON public.idempotency_keys USING btree (created_at);

CREATE INDEX invites_email ON public.invites USING btree (email);

CREATE INDEX invites_expires_at ON public.invites USING btree (expires_at) WHERE (status = 'pending'::text);

CREATE INDEX invites_inviter_id ON public.invites USING btree (inviter_id, id);

CREATE INDEX invites_inviter_status ON public.invites USING btree (inviter_id, status, id);

CREATE UNIQUE INDEX invites_open_email ON public.invites USING btree (email) WHERE (status = 'pending'::text);

CREATE INDEX invites_organization_id ON public.invites USING btree (organization_id) WHERE (organization_id IS NOT NULL);

CREATE INDEX invites_status ON public.invites USING btree (status, id);

CREATE INDEX notifications_created_at ON public.notifications USING btree (created_at);

CREATE INDEX notifications_task_id ON public.notifications USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX notifications_type ON public.notifications USING btree (user_id, type, created_at DESC, id DESC);

CREATE INDEX notifications_unread ON public.notifications USING btree (user_id, type, created_at DESC, id DESC) WHERE (NOT is_read);

CREATE INDEX notifications_user_id ON public.notifications USING btree (user_id, id DESC);

CREATE INDEX outbox_failed ON public.outbox USING btree (failed_at) WHERE (failed_at IS NOT NULL);

CREATE INDEX outbox_owed ON public.outbox USING btree (published_at) WHERE ((published_at IS NOT NULL) AND (failed_at IS NULL));

CREATE INDEX outbox_unpublished ON public.outbox USING btree (id) WHERE ((published_at IS NULL) AND (failed_at IS NULL));

CREATE INDEX password_resets_expires_at ON public.password_resets USING btree (expires_at);

CREATE INDEX password_resets_user_id ON public.password_resets USING btree (user_id);

CREATE INDEX reminders_due ON public.reminders USING btree (scheduled_at) WHERE ((status = 'pending'::text) AND (handed_at IS NULL));

CREATE INDEX reminders_task_id ON public.reminders USING btree (task_id, scheduled_at);

CREATE INDEX reminders_user_counts ON public.reminders USING btree (user_id, status, completed_at);

CREATE INDEX reminders_user_id ON public.reminders USING btree (user_id, scheduled_at, id);

CREATE INDEX sessions_changed_at ON public.sessions USING btree (changed_at) WHERE (changed_at IS NOT NULL);

CREATE INDEX sessions_ended_at ON public.sessions USING btree (LEAST(revoked_at, expires_at));

CREATE INDEX sessions_open ON public.sessions USING btree (user_id, last_used_at) WHERE (revoked_at IS NULL);

CREATE INDEX sessions_user_id ON public.sessions USING btree (user_id, id);

CREATE INDEX sign_in_failures_updated_at ON public.sign_in_failures USING btree (updated_at);

CREATE INDEX tasks_assignee_due ON public.tasks USING btree (assignee_id, due_date, id) WHERE (assignee_id IS NOT NULL);

CREATE INDEX tasks_organization_due ON public.tasks USING btree (organization_id, due_date, id);

CREATE INDEX tasks_overdue_for ON public.tasks USING btree (due_date) WHERE ((status <> 'completed'::text) AND (overdue_for IS DISTINCT FROM due_date));

CREATE INDEX tasks_owner_counts ON public.tasks USING btree (owner_id, status, priority, category, completed_at);

CREATE INDEX tasks_owner_due ON public.tasks USING btree (owner_id, due_date, id);

CREATE INDEX tasks_search ON public.tasks USING gin (search);

CREATE INDEX tasks_upcoming_for ON public.tasks USING btree (due_date) WHERE ((status <> 'completed'::text) AND (upcoming_for IS DISTINCT FROM due_date));

CREATE UNIQUE INDEX totp_secrets_confirmed ON public.totp_secrets USING btree (user_id) WHERE (confirmed_at IS NOT NULL);

CREATE INDEX totp_secrets_key_id ON public.totp_secrets USING btree (key_id);

CREATE UNIQUE INDEX totp_secrets_pending ON public.totp_secrets USING btree (user_id) WHERE (confirmed_at IS NULL);

CREATE INDEX two_factor_challenges_expires_at ON public.two_factor_challenges USING btree (expires_at);

CREATE UNIQUE INDEX two_factor_challenges_one ON public.two_factor_challenges USING btree (user_id, purpose) WHERE (purpose <> 'sign-in'::text);

CREATE INDEX two_factor_challenges_user_id ON public.two_factor_challenges USING btree (user_id, purpose);

CREATE INDEX users_deletion_requested_at ON public.users USING btree (deletion_requested_at) WHERE ((deletion_requested_at IS NOT NULL) AND (anonymised_at IS NULL));

CREATE INDEX users_next_digest_at ON public.users USING btree (next_digest_at) WHERE (next_digest_at IS NOT NULL);

CREATE INDEX users_organization_id ON public.users USING btree (organization_id);

CREATE INDEX users_platform_role ON public.users USING btree (role) WHERE (role = ANY (ARRAY['super_admin'::text, 'site_admin'::text, 'operator'::text]));

ALTER INDEX public.audit_events_action ATTACH PARTITION public.audit_events_2026_11_action_created_at_seq_idx;

ALTER INDEX public.audit_events_actor_id ATTACH PARTITION public.audit_events_2026_11_actor_id_created_at_seq_idx;

ALTER INDEX public.audit_events_created_at ATTACH PARTITION public.audit_events_2026_11_created_at_seq_idx;

ALTER INDEX public.audit_events_pkey ATTACH PARTITION public.audit_events_2026_11_pkey;

ALTER INDEX public.audit_events_target_id ATTACH PARTITION public.audit_events_2026_11_target_id_created_at_seq_idx;

ALTER INDEX public.audit_events_target_type ATTACH PARTITION public.audit_events_2026_11_target_type_created_at_seq_idx;

ALTER INDEX public.audit_events_action ATTACH PARTITION public.audit_events_2026_12_action_created_at_seq_idx;

ALTER INDEX public.audit_events_actor_id ATTACH PARTITION public.audit_events_2026_12_actor_id_created_at_seq_idx;

ALTER INDEX public.audit_events_created_at ATTACH PARTITION public.audit_events_2026_12_created_at_seq_idx;

ALTER INDEX public.audit_events_pkey ATTACH PARTITION public.audit_events_2026_12_pkey;

ALTER INDEX public.audit_events_target_id ATTACH PARTITION public.audit_events_2026_12_target_id_created_at_seq_idx;

ALTER INDEX public.audit_events_target_type ATTACH PARTITION public.audit_events_2026_12_target_type_created_at_seq_idx;

CREATE TRIGGER audit_checkpoints_append_only BEFORE DELETE OR UPDATE ON public.audit_checkpoints FOR EACH ROW EXECUTE FUNCTION public.audit_refuse_change();

CREATE TRIGGER audit_checkpoints_no_truncate BEFORE TRUNCATE ON public.audit_checkpoints FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change();

CREATE TRIGGER audit_events_append_only BEFORE DELETE OR UPDATE ON public.audit_events FOR EACH ROW EXECUTE FUNCTION public.audit_refuse_change();

CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change();

CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events_2026_11 FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change();

CREATE TRIGGER audit_events_no_truncate BEFORE TRUNCATE ON public.audit_events_2026_12 FOR EACH STATEMENT EXECUTE FUNCTION public.audit_refuse_change();

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id);

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.attachments
    ADD CONSTRAINT attachments_uploader_id_fkey FOREIGN KEY (uploader_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.blocks
    ADD CONSTRAINT blocks_blocker_id_fkey FOREIGN KEY (blocker_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.digest_deliveries
    ADD CONSTRAINT digest_deliveries_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.due_notices
    ADD CONSTRAINT due_notices_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.due_notices
    ADD CONSTRAINT due_notices_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.email_messages
    ADD CONSTRAINT email_messages_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.friendships
    ADD CONSTRAINT friendships_addressee_id_fkey FOREIGN KEY (addressee_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.friendships
    ADD CONSTRAINT friendships_requester_id_fkey FOREIGN KEY (requester_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_inviter_id_fkey FOREIGN KEY (inviter_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.invites
    ADD CONSTRAINT invites_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.known_devices
    ADD CONSTRAINT known_devices_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.password_resets
    ADD CONSTRAINT password_resets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reminder_deliveries
    ADD CONSTRAINT reminder_deliveries_reminder_id_fkey FOREIGN KEY (reminder_id) REFERENCES public.reminders(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reminder_deliveries
    ADD CONSTRAINT reminder_deliveries_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reminders
    ADD CONSTRAINT reminders_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reminders
    ADD CONSTRAINT reminders_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_assignee_id_fkey FOREIGN KEY (assignee_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.totp_secrets
    ADD CONSTRAINT totp_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.two_factor_challenges
    ADD CONSTRAINT two_factor_challenges_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.user_preferences
    ADD CONSTRAINT user_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES public.organizations(id);
