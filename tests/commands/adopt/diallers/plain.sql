-- English, one row a contact and one a call, a lookup table, a CHECK, an enumerated type, times without a zone.
CREATE SCHEMA dialer;
CREATE TYPE dialer.campaign_state AS ENUM ('draft', 'queued', 'active', 'on_hold', 'finished', 'aborted');
CREATE TABLE dialer.organizations (id bigserial PRIMARY KEY, name text NOT NULL, timezone text, max_concurrent int);
CREATE TABLE dialer.users (id bigserial PRIMARY KEY, organization_id bigint REFERENCES dialer.organizations, name text);
CREATE TABLE dialer.campaigns (
    id bigserial PRIMARY KEY, organization_id bigint NOT NULL REFERENCES dialer.organizations,
    created_by bigint REFERENCES dialer.users, name text NOT NULL, state dialer.campaign_state NOT NULL,
    timezone text NOT NULL, max_attempts int, start_date timestamp, end_date timestamp, deleted_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE dialer.campaign_templates (id bigserial PRIMARY KEY, name text, body text);
CREATE TABLE dialer.lead_statuses (id smallserial PRIMARY KEY, code text UNIQUE, label text);
CREATE TABLE dialer.leads (
    id bigserial PRIMARY KEY, campaign_id bigint NOT NULL REFERENCES dialer.campaigns, phone_number text,
    status_id smallint NOT NULL REFERENCES dialer.lead_statuses, attempts_made int NOT NULL DEFAULT 0,
    next_attempt_at timestamptz, last_attempt_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON dialer.leads (updated_at);
CREATE INDEX ON dialer.leads (campaign_id);
CREATE TABLE dialer.trunks (
    id serial PRIMARY KEY, organization_id bigint REFERENCES dialer.organizations, provider text, max_channels int);
CREATE TABLE dialer.phone_numbers (
    id serial PRIMARY KEY, organization_id bigint REFERENCES dialer.organizations, trunk_id int REFERENCES dialer.trunks,
    number text NOT NULL, country_code text, status text CHECK (status IN ('active', 'cooldown', 'spam')));
CREATE TABLE dialer.call_attempts (
    id bigserial PRIMARY KEY, lead_id bigint NOT NULL REFERENCES dialer.leads,
    phone_number_id int REFERENCES dialer.phone_numbers, attempt_number int NOT NULL, started_at timestamptz NOT NULL,
    answered_at timestamptz, ended_at timestamptz,
    outcome varchar(20) CHECK (outcome IN ('ANSWERED', 'NO_ANSWER', 'BUSY', 'MACHINE', 'FAILED', 'HANGUP')),
    talk_seconds int, carrier_cost numeric, error_code text);
CREATE INDEX ON dialer.call_attempts (lead_id);
CREATE TABLE dialer.call_recordings (id bigserial PRIMARY KEY, call_attempt_id bigint, url text, created_at timestamptz);

INSERT INTO dialer.organizations (name, timezone, max_concurrent) VALUES ('Acme', 'Europe/Berlin', 20);
INSERT INTO dialer.campaigns (organization_id, name, state, timezone, max_attempts, start_date)
    VALUES (1, 'Spring', 'active', 'Europe/Berlin', 3, '2026-03-01 09:00'), (1, 'Old', 'draft', 'UTC', 3, NULL);
INSERT INTO dialer.lead_statuses (code, label)
    VALUES ('NEW', 'New'), ('DIALING', 'Dialing'), ('DONE', 'Done'), ('FAILED', 'Gave up'), ('DNC', 'Do not call');
INSERT INTO dialer.leads (campaign_id, phone_number, status_id, attempts_made, created_at, updated_at)
    SELECT 1, '+4930' || 100000 + n, 1 + n % 5, n % 3, '2026-03-01', '2026-03-02' FROM generate_series(1, 20) AS n;
INSERT INTO dialer.trunks (organization_id, provider, max_channels) VALUES (1, 'telnyx', 10);
INSERT INTO dialer.phone_numbers (organization_id, trunk_id, number, country_code, status)
    VALUES (1, 1, '+4930555', 'DE', 'active'), (1, 1, '+4930556', 'DE', 'spam');
INSERT INTO dialer.call_attempts
    (lead_id, phone_number_id, attempt_number, started_at, answered_at, ended_at, outcome, talk_seconds)
    SELECT n, 1 + n % 2, 1, '2026-03-02 09:00+00', CASE WHEN n % 3 = 0 THEN timestamptz '2026-03-02 09:00:09+00' END,
           '2026-03-02 09:01+00', (ARRAY['ANSWERED', 'NO_ANSWER', 'HANGUP', 'MACHINE'])[1 + n % 4], n % 3
    FROM generate_series(1, 18) AS n;
