-- The tables of RapidPro that the views read, with those columns only; made for tests, and never on a real system.
CREATE TABLE orgs_org (id serial PRIMARY KEY, name varchar(128) NOT NULL, timezone varchar(63) NOT NULL);
CREATE TABLE channels_channel (
    id serial PRIMARY KEY, org_id int REFERENCES orgs_org, channel_type varchar(3) NOT NULL, name varchar(64),
    address varchar(255), country varchar(2), config jsonb NOT NULL, role varchar(4) NOT NULL,
    is_active boolean NOT NULL DEFAULT true);
CREATE TABLE flows_flow (
    id serial PRIMARY KEY, org_id int NOT NULL REFERENCES orgs_org, name varchar(64) NOT NULL,
    flow_type varchar(1) NOT NULL, metadata text);
CREATE TABLE flows_flowstart (
    id serial PRIMARY KEY, org_id int NOT NULL REFERENCES orgs_org, flow_id int NOT NULL REFERENCES flows_flow,
    status varchar(1) NOT NULL, contact_count int, created_on timestamptz NOT NULL, modified_on timestamptz NOT NULL);
CREATE TABLE ivr_call (
    id serial PRIMARY KEY, org_id int NOT NULL REFERENCES orgs_org, direction varchar(1) NOT NULL,
    status varchar(1) NOT NULL, channel_id int NOT NULL REFERENCES channels_channel, contact_id int NOT NULL,
    external_id varchar(255) NOT NULL, created_on timestamptz NOT NULL, modified_on timestamptz NOT NULL,
    started_on timestamptz, ended_on timestamptz, duration int, error_reason varchar(1), error_count int NOT NULL,
    next_attempt timestamptz);
CREATE TABLE flows_flowstart_calls (
    id serial PRIMARY KEY, flowstart_id int NOT NULL REFERENCES flows_flowstart,
    call_id int NOT NULL REFERENCES ivr_call, UNIQUE (flowstart_id, call_id));
CREATE INDEX flows_flowstart_calls_flowstart_id ON flows_flowstart_calls (flowstart_id);
CREATE INDEX flows_flowstart_calls_call_id ON flows_flowstart_calls (call_id);
