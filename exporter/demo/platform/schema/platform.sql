-- The operational schema of a dialler, as a platform would have it: its own names and codes, not the contract.
-- Every stamp is written by the dialler from its own clock; nothing here calls now(). Idempotent.
CREATE SCHEMA IF NOT EXISTS dialler;

CREATE TABLE IF NOT EXISTS dialler.account (
    account_id     bigint PRIMARY KEY,
    display_name   text NOT NULL,
    tz             text NOT NULL,
    max_channels   integer,
    credit_balance numeric(14, 6),
    topup_below    numeric(14, 6),   -- null: no automatic top-up
    topup_amount   numeric(14, 6) NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS dialler.trunk (
    trunk_id     bigint PRIMARY KEY,
    account_id   bigint NOT NULL REFERENCES dialler.account,
    provider     text NOT NULL,
    max_channels integer,
    max_cps      numeric(6, 2)
);

-- Numbers to call from. state_code: A active, R resting, S flagged as spam, X released.
CREATE TABLE IF NOT EXISTS dialler.did (
    did_id          bigint PRIMARY KEY,
    account_id      bigint NOT NULL REFERENCES dialler.account,
    trunk_id        bigint NOT NULL REFERENCES dialler.trunk,
    e164            text NOT NULL,
    nickname        text,
    country         text NOT NULL,
    state_code      text NOT NULL DEFAULT 'A',
    max_per_day     integer,
    spacing_seconds integer NOT NULL DEFAULT 0,   -- rest between two calls
    rest_until      timestamptz,
    used_on         date,                         -- the account's local day that used_today counts
    used_today      integer NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS dialler.voice_agent (
    agent_code   text PRIMARY KEY,
    display_name text NOT NULL
);

-- state_code: DRAFT, PLANNED, LIVE, HALTED, DONE, ABORTED.
CREATE TABLE IF NOT EXISTS dialler.campaign (
    campaign_id      bigint PRIMARY KEY,
    account_id       bigint NOT NULL REFERENCES dialler.account,
    title            text NOT NULL,
    state_code       text NOT NULL,
    agent_code       text REFERENCES dialler.voice_agent,
    dial_priority    integer NOT NULL DEFAULT 5,   -- higher goes first
    planned_start_at timestamptz,
    launched_at      timestamptz,
    halted_at        timestamptz,
    halt_reason      text,
    halted_by        text,
    finished_at      timestamptz,
    tz               text NOT NULL,
    always_open      boolean NOT NULL DEFAULT false,
    expires_at       timestamptz,
    max_channels     integer,
    max_per_minute   integer,
    max_tries        integer NOT NULL DEFAULT 3,
    match_country    boolean NOT NULL DEFAULT false,
    currency         text NOT NULL DEFAULT 'USD',
    budget_limit     numeric(14, 6),
    spent            numeric(14, 6) NOT NULL DEFAULT 0   -- kept total of both costs of its attempts
);

ALTER TABLE dialler.campaign ADD COLUMN IF NOT EXISTS halted_by text;  -- a demo of before has none

CREATE TABLE IF NOT EXISTS dialler.schedule_range (
    range_id    bigint PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    days        text[] NOT NULL,
    opens       time NOT NULL,
    closes      time NOT NULL,
    enabled     boolean NOT NULL DEFAULT true
);

-- The people who take a campaign's calls; a campaign without a row is served by its voice agent.
CREATE TABLE IF NOT EXISTS dialler.crew (
    campaign_id  bigint PRIMARY KEY REFERENCES dialler.campaign ON DELETE CASCADE,
    seats        integer NOT NULL,
    ratio        numeric(4, 2) NOT NULL DEFAULT 1,   -- calls dialled for each free person
    shift_days   text[] NOT NULL,
    shift_opens  time NOT NULL,
    shift_closes time NOT NULL,
    logged_in    integer NOT NULL DEFAULT 0,
    paused       integer NOT NULL DEFAULT 0,
    talking      integer NOT NULL DEFAULT 0,
    break_reason text,
    break_until  timestamptz
);

CREATE TABLE IF NOT EXISTS dialler.pool_member (
    campaign_id bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    did_id      bigint NOT NULL REFERENCES dialler.did,
    weight      numeric(8, 2) NOT NULL DEFAULT 1,
    PRIMARY KEY (campaign_id, did_id)
);

CREATE TABLE IF NOT EXISTS dialler.objective (
    campaign_id bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    label       text NOT NULL,
    wanted      integer NOT NULL,
    reached     integer NOT NULL DEFAULT 0,   -- kept total: the view must not scan leads
    PRIMARY KEY (campaign_id, label)
);

CREATE TABLE IF NOT EXISTS dialler.split_arm (
    campaign_id bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    arm         text NOT NULL,
    agent_code  text REFERENCES dialler.voice_agent,
    share       numeric(5, 2) NOT NULL,
    PRIMARY KEY (campaign_id, arm)
);

CREATE TABLE IF NOT EXISTS dialler.person (
    person_id    bigint PRIMARY KEY,
    account_id   bigint NOT NULL REFERENCES dialler.account,
    external_ref text NOT NULL,
    e164         text NOT NULL,
    country      text,
    tz           text
);

-- One person in one campaign. state_code: Q queued, D dialling, C completed, F failed, X cancelled.
-- hold_code is the reason why a queued lead could not be dialled when the dispatcher last looked at it.
CREATE TABLE IF NOT EXISTS dialler.lead (
    lead_id        bigint PRIMARY KEY,
    campaign_id    bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    person_id      bigint NOT NULL REFERENCES dialler.person ON DELETE CASCADE,
    did_id         bigint,
    did_locked     boolean NOT NULL DEFAULT false,
    state_code     text NOT NULL,
    hold_code      text,
    result_code    text,
    arm            text,
    tries          smallint NOT NULL DEFAULT 0,
    max_tries      smallint NOT NULL,
    fault_retries  smallint NOT NULL DEFAULT 0,
    due_at         timestamptz,
    talk_seconds   numeric(8, 1),
    quality        numeric(5, 1),
    goal_reached   boolean,
    last_dialled_at timestamptz,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
) WITH (fillfactor = 80);

-- One dialled call. Costs, mood and quality come minutes after its end and are stored in the same row, so that
-- its updated_at moves with them and the views need no join. result_code: LIVE, ANS, VM, NA, BUSY, REJ, ERR.
CREATE TABLE IF NOT EXISTS dialler.attempt (
    attempt_id     uuid PRIMARY KEY,
    lead_id        bigint NOT NULL REFERENCES dialler.lead ON DELETE CASCADE,
    campaign_id    bigint NOT NULL,
    did_id         bigint,
    trunk_id       bigint,
    arm            text,
    try_no         smallint NOT NULL,
    due_at         timestamptz,
    dialled_at     timestamptz NOT NULL,
    answered_at    timestamptz,
    agent_spoke_at timestamptz,
    hung_up_at     timestamptz,
    result_code    text NOT NULL,
    fault_code     text,
    talk_seconds   numeric(8, 1),
    ai_cost        numeric(12, 6),
    carrier_cost   numeric(12, 6),
    mood_code      text,                -- POS, NEU, NEG
    quality        numeric(5, 1),
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
) WITH (fillfactor = 80);

-- What people and the platform did to a campaign.
CREATE TABLE IF NOT EXISTS dialler.campaign_journal (
    entry_id    bigint PRIMARY KEY,
    campaign_id bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    actor       text,
    detail      jsonb
);

-- state_code: STAGED, READING, LOADED, BROKEN.
CREATE TABLE IF NOT EXISTS dialler.list_file (
    list_file_id bigint PRIMARY KEY,
    campaign_id  bigint NOT NULL REFERENCES dialler.campaign ON DELETE CASCADE,
    filename     text NOT NULL,
    bytes        bigint,
    rows_total   integer,
    rows_ok      integer,
    rows_bad     integer,
    state_code   text NOT NULL,
    error_text   text,
    received_at  timestamptz NOT NULL
);

-- Two logs for debugging, pruned by the dialler; no foreign keys, as logs outlive what they tell of.
CREATE TABLE IF NOT EXISTS dialler.lead_log (
    entry_id bigint PRIMARY KEY,
    lead_id  bigint NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    code     text,
    detail   jsonb
);

CREATE TABLE IF NOT EXISTS dialler.dispatch_log (
    entry_id    bigint PRIMARY KEY,
    campaign_id bigint NOT NULL,
    lead_id     bigint,
    at          timestamptz NOT NULL,
    capacity    jsonb NOT NULL
);

-- The simulation's own memory: its clock, seed and what a scenario changed and must put back. No platform has it.
CREATE SCHEMA IF NOT EXISTS simulation;

CREATE TABLE IF NOT EXISTS simulation.state (
    key   text PRIMARY KEY,
    value jsonb NOT NULL
);
