-- The tables of dograh that the views read, with those columns only; made for tests, and never on a real system.
CREATE TYPE workflow_call_type AS ENUM ('inbound', 'outbound');
CREATE TYPE workflow_run_state AS ENUM ('initialized', 'running', 'completed');
CREATE TYPE campaign_state AS ENUM ('created', 'syncing', 'running', 'paused', 'completed', 'failed');
CREATE TYPE queued_run_state AS ENUM ('queued', 'processed', 'processing', 'failed');
CREATE TABLE organizations (id serial PRIMARY KEY, provider_id varchar NOT NULL UNIQUE, created_at timestamptz);
CREATE TABLE organization_configurations (
    id serial PRIMARY KEY, organization_id int NOT NULL REFERENCES organizations, key varchar NOT NULL,
    value json NOT NULL, UNIQUE (organization_id, key));
CREATE TABLE workflows (id serial PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE telephony_configurations (
    id serial PRIMARY KEY, organization_id int NOT NULL REFERENCES organizations, name varchar(64) NOT NULL,
    provider varchar(32) NOT NULL, inactive boolean NOT NULL DEFAULT false);
CREATE TABLE telephony_phone_numbers (
    id serial PRIMARY KEY, organization_id int NOT NULL REFERENCES organizations,
    telephony_configuration_id int NOT NULL REFERENCES telephony_configurations, address varchar(255) NOT NULL,
    address_normalized varchar(255) NOT NULL, country_code varchar(2), label varchar(64),
    is_active boolean NOT NULL DEFAULT true, UNIQUE (organization_id, address_normalized));
CREATE TABLE campaigns (
    id serial PRIMARY KEY, name varchar NOT NULL, organization_id int NOT NULL REFERENCES organizations,
    workflow_id int NOT NULL REFERENCES workflows, telephony_configuration_id int REFERENCES telephony_configurations,
    source_type varchar NOT NULL DEFAULT 'csv', source_id varchar NOT NULL, state campaign_state NOT NULL,
    total_rows int, processed_rows int NOT NULL DEFAULT 0, failed_rows int NOT NULL DEFAULT 0,
    rate_limit_per_second int NOT NULL DEFAULT 1, source_sync_status varchar NOT NULL DEFAULT 'pending',
    source_sync_error varchar, retry_config json NOT NULL, orchestrator_metadata json NOT NULL DEFAULT '{}',
    logs json NOT NULL DEFAULT '[]', created_at timestamptz, started_at timestamptz, completed_at timestamptz,
    updated_at timestamptz);
CREATE TABLE queued_runs (
    id serial PRIMARY KEY, campaign_id int NOT NULL REFERENCES campaigns ON DELETE CASCADE,
    source_uuid varchar NOT NULL, context_variables json NOT NULL, state queued_run_state NOT NULL,
    created_at timestamptz, processed_at timestamptz, retry_count int NOT NULL DEFAULT 0,
    parent_queued_run_id int REFERENCES queued_runs, scheduled_for timestamptz, retry_reason varchar,
    UNIQUE (campaign_id, source_uuid, retry_count));
CREATE INDEX idx_queued_runs_campaign_state ON queued_runs (campaign_id, state);
CREATE TABLE workflow_runs (
    id serial PRIMARY KEY, name varchar NOT NULL, workflow_id int NOT NULL REFERENCES workflows,
    mode varchar(64) NOT NULL, call_type workflow_call_type NOT NULL DEFAULT 'outbound',
    state workflow_run_state NOT NULL, is_completed boolean DEFAULT false, usage_info json NOT NULL DEFAULT '{}',
    initial_context json NOT NULL DEFAULT '{}', gathered_context json NOT NULL DEFAULT '{}',
    logs json NOT NULL DEFAULT '{}', created_at timestamptz, campaign_id int REFERENCES campaigns,
    queued_run_id int REFERENCES queued_runs);
CREATE INDEX idx_workflow_runs_campaign_id ON workflow_runs (campaign_id);
