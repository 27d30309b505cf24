-- The tables of Newfies-Dialer that the views read, with those columns only; made for tests, never on a real system.
CREATE TABLE auth_user (id serial PRIMARY KEY, username varchar(30) NOT NULL UNIQUE);
CREATE TABLE dialer_campaign (
    id serial PRIMARY KEY, name varchar(100) NOT NULL, user_id int NOT NULL REFERENCES auth_user, status int,
    startingdate timestamptz NOT NULL, expirationdate timestamptz NOT NULL, daily_start_time time NOT NULL,
    daily_stop_time time NOT NULL, monday boolean NOT NULL, tuesday boolean NOT NULL, wednesday boolean NOT NULL,
    thursday boolean NOT NULL, friday boolean NOT NULL, saturday boolean NOT NULL, sunday boolean NOT NULL,
    frequency int, maxretry int, intervalretry int, completion_maxretry int, completion_intervalretry int,
    has_been_started boolean NOT NULL, created_date timestamptz NOT NULL, updated_date timestamptz NOT NULL);
CREATE TABLE dialer_subscriber (
    id serial PRIMARY KEY, contact_id int, campaign_id int REFERENCES dialer_campaign, last_attempt timestamptz,
    count_attempt int, completion_count_attempt int, duplicate_contact varchar(90) NOT NULL, status int,
    created_date timestamptz NOT NULL, updated_date timestamptz NOT NULL, UNIQUE (contact_id, campaign_id));
CREATE INDEX dialer_subscriber_campaign_id ON dialer_subscriber (campaign_id);
CREATE INDEX dialer_subscriber_updated_date ON dialer_subscriber (updated_date);
CREATE TABLE dialer_callrequest (
    id serial PRIMARY KEY, created_date timestamptz NOT NULL, updated_date timestamptz NOT NULL, call_type int,
    status int, subscriber_id int REFERENCES dialer_subscriber, campaign_id int REFERENCES dialer_campaign,
    num_attempt int NOT NULL, hangup_cause varchar(80) NOT NULL, alarm_request_id int,
    parent_callrequest_id int REFERENCES dialer_callrequest);
CREATE INDEX dialer_callrequest_subscriber_id ON dialer_callrequest (subscriber_id);
CREATE INDEX dialer_callrequest_campaign_id ON dialer_callrequest (campaign_id);
CREATE TABLE dialer_cdr (
    id serial PRIMARY KEY, callrequest_id int REFERENCES dialer_callrequest, starting_date timestamptz NOT NULL,
    duration int, billsec int, disposition varchar(40), hangup_cause varchar(40), leg_type smallint,
    amd_status smallint);
CREATE INDEX dialer_cdr_callrequest_id ON dialer_cdr (callrequest_id);
