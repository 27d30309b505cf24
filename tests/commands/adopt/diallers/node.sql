-- An object mapper's tables: names that need quotes, milliseconds since 1970, micros, no campaigns of their own.
CREATE TYPE "enum_Leads_status" AS ENUM ('queued', 'in_progress', 'done', 'no-answer');
CREATE TABLE "Leads" (
    id text PRIMARY KEY, "campaignId" text NOT NULL, status "enum_Leads_status" NOT NULL, "attemptCount" int NOT NULL,
    "nextAttemptAt" bigint, "maxAttemptsPerContact" int, "createdAt" timestamptz NOT NULL);
CREATE TABLE "OutboundCalls" (
    id text PRIMARY KEY, "leadId" text NOT NULL, "campaignId" text NOT NULL, status text, "startTime" bigint,
    "endTime" bigint, "durationMs" int, "costMicros" bigint, attempt int NOT NULL, leg text, direction text, "parentCallId" text,
    "createdAt" timestamptz NOT NULL, campaign_stamp timestamptz);
CREATE INDEX ON "OutboundCalls" (campaign_stamp);
CREATE TABLE "PinNumbers" (id text PRIMARY KEY, "pinNumber" text, label text, status text);

INSERT INTO "Leads"
    SELECT 'l' || n, 'c' || n % 2, (ARRAY['queued', 'in_progress', 'done'])[1 + n % 3]::"enum_Leads_status", n % 4,
           1772440000000 + n * 60000, 3, '2026-03-01' FROM generate_series(1, 20) AS n;
INSERT INTO "OutboundCalls"
    SELECT 'a' || n, 'l' || n, 'c' || n % 2, (ARRAY['answered', 'busy'])[1 + n % 2], 1772440000000 + n * 60000,
           1772440030000 + n * 60000, 30000, 25000, 1, CASE WHEN n > 10 THEN 'b' ELSE 'a' END, NULL, NULL, '2026-03-01',
           '2026-03-01' FROM generate_series(1, 14) AS n;
INSERT INTO "PinNumbers" SELECT 'p' || n, 4370 + n, 'boss ' || n, 'active' FROM generate_series(1, 5) AS n;
