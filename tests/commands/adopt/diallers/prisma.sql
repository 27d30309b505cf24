-- Prisma: quoted camelCase, text ids, enumerated types, ids of a tenant and a number, partitions, a timestamp without
-- a zone everywhere, and a name with a quote in it.
CREATE TYPE "CampaignStatus" AS ENUM ('DRAFT', 'SCHEDULED', 'RUNNING', 'PAUSED', 'COMPLETED', 'CANCELLED');
CREATE TYPE "ContactStatus" AS ENUM ('PENDING', 'CALLING', 'COMPLETED', 'FAILED', 'OPTED_OUT');
CREATE TYPE "CallStatus" AS ENUM ('QUEUED', 'RINGING', 'IN_PROGRESS', 'COMPLETED', 'BUSY', 'NO_ANSWER', 'FAILED', 'VOICEMAIL');
CREATE TABLE "Workspace" (id text PRIMARY KEY, name text NOT NULL, "createdAt" timestamp NOT NULL DEFAULT now());
CREATE TABLE "Agent" (id text PRIMARY KEY, "workspaceId" text REFERENCES "Workspace", name text);
CREATE TABLE "Campaign" (
    "workspaceId" text NOT NULL REFERENCES "Workspace", no int NOT NULL, name text NOT NULL,
    status "CampaignStatus" NOT NULL, "agentId" text REFERENCES "Agent", "maxRetries" int, timezone text,
    "scheduledAt" timestamp, "startedAt" timestamp, "completedAt" timestamp, "updatedAt" timestamp NOT NULL,
    PRIMARY KEY ("workspaceId", no));
CREATE TABLE "Campaign""s Contact" (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), "workspaceId" text NOT NULL, "campaignNo" int NOT NULL,
    "phoneNumber" text NOT NULL, status "ContactStatus" NOT NULL, "retryCount" int NOT NULL DEFAULT 0,
    "createdAt" timestamp NOT NULL DEFAULT now(), "updatedAt" timestamp NOT NULL,
    FOREIGN KEY ("workspaceId", "campaignNo") REFERENCES "Campaign" ("workspaceId", no));
CREATE TABLE "Call" (
    id uuid NOT NULL DEFAULT gen_random_uuid(), "contactId" uuid REFERENCES "Campaign""s Contact",
    direction text NOT NULL, status "CallStatus" NOT NULL, "startedAt" timestamp NOT NULL, "endedAt" timestamp,
    "durationMs" int, sentiment text, cost double precision, "createdAt" timestamp NOT NULL,
    PRIMARY KEY (id, "createdAt")) PARTITION BY RANGE ("createdAt");
CREATE TABLE "Call_2026_03" PARTITION OF "Call" FOR VALUES FROM ('2026-03-01') TO ('2026-04-01');
CREATE TABLE "_prisma_migrations" (id text PRIMARY KEY, migration_name text, started_at timestamptz, finished_at timestamptz);

INSERT INTO "Workspace" (id, name) VALUES ('w1', 'Acme');
INSERT INTO "Campaign" ("workspaceId", no, name, status, "maxRetries", timezone, "startedAt", "updatedAt")
    VALUES ('w1', 1, 'Spring', 'RUNNING', 3, 'America/New_York', '2026-03-01', '2026-03-01');
INSERT INTO "Campaign""s Contact" ("workspaceId", "campaignNo", "phoneNumber", status, "updatedAt")
    SELECT 'w1', 1, '+1212' || 5550100 + n,
           (ARRAY['PENDING', 'CALLING', 'COMPLETED', 'FAILED'])[1 + n % 4]::"ContactStatus", '2026-03-01'
    FROM generate_series(1, 8) AS n;
INSERT INTO "Call" ("contactId", direction, status, "startedAt", "endedAt", "durationMs", "createdAt")
    SELECT id, 'outbound', (ARRAY['COMPLETED', 'BUSY', 'NO_ANSWER'])[1 + n % 3]::"CallStatus", '2026-03-02 10:00',
           '2026-03-02 10:01', n * 1000, '2026-03-02 10:00'
    FROM (SELECT id, row_number() OVER (ORDER BY "phoneNumber") AS n FROM "Campaign""s Contact") AS c;
INSERT INTO "Call" ("contactId", direction, status, "startedAt", "createdAt")
    VALUES (NULL, 'inbound', 'COMPLETED', '2026-03-02 11:00', '2026-03-02 11:00');
