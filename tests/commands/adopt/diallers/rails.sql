-- A web framework's tables: whoever owns all of it, a join table of campaigns and contacts, numbers for codes, cents,
-- times without zone, calls that point to any table, rows that are marked as deleted.
CREATE TABLE accounts (id bigserial PRIMARY KEY, name varchar NOT NULL, time_zone varchar, balance_cents bigint);
CREATE TABLE contacts (id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, msisdn varchar);
CREATE TABLE callouts (
    id bigserial PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, title varchar,
    status varchar NOT NULL, max_retry_attempts int, max_concurrent_calls int, daily_limit int, budget_cents bigint,
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL, deleted_at timestamp);
CREATE TABLE callout_enrollments (
    id bigserial PRIMARY KEY, callout_id bigint NOT NULL REFERENCES callouts,
    contact_id bigint NOT NULL REFERENCES contacts, payment_status varchar, call_status varchar, tries int NOT NULL,
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
CREATE TABLE phone_calls (
    id bigserial PRIMARY KEY, callable_type varchar, callable_id bigint, provider_status varchar, provider_name varchar,
    status varchar, called_at timestamp, duration int, cost_cents int, sentiment_score int,
    created_at timestamp NOT NULL, updated_at timestamp NOT NULL);
CREATE TABLE order_numbers (id bigserial PRIMARY KEY, number varchar, label varchar, status varchar);

INSERT INTO accounts VALUES (1, 'Acme', 'Europe/Berlin', 12345);
INSERT INTO contacts SELECT n, 1, '+4930' || 100000 + n FROM generate_series(1, 20) AS n;
INSERT INTO callouts
    SELECT n, 1, 'Round ' || n, (ARRAY['running', 'paused'])[n], 3, 0, 0, 50000, '2026-03-01', '2026-03-01'
    FROM generate_series(1, 2) AS n;
INSERT INTO callout_enrollments
    SELECT n, 1 + n % 2, n, 'paid', (ARRAY['pending', 'completed', 'failed'])[1 + n % 3], n % 3, '2026-03-01',
           '2026-03-01' FROM generate_series(1, 20) AS n;
INSERT INTO phone_calls
    SELECT n, CASE WHEN n = 12 THEN 'Survey' ELSE 'CalloutEnrollment' END, n, 'delivered', 'acme',
           (ARRAY['completed', 'busy', 'errored'])[1 + n % 3], timestamp '2026-03-02 09:00' + n * interval '1 min',
           CASE WHEN n % 3 = 0 THEN 30 ELSE 0 END, 5, 80, '2026-03-01', '2026-03-01'
    FROM generate_series(1, 12) AS n;
