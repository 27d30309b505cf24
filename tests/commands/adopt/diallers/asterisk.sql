-- A switch: call detail records and queues, with no table of contacts, no keys but the records' own, and epochs.
CREATE TABLE v_domains (domain_uuid uuid PRIMARY KEY, domain_name text, domain_enabled text);
CREATE TABLE v_users (user_uuid uuid PRIMARY KEY, domain_uuid uuid, username text);
CREATE TABLE v_call_broadcasts (
    call_broadcast_uuid uuid PRIMARY KEY, domain_uuid uuid, broadcast_name text, broadcast_description text,
    broadcast_start_time numeric, broadcast_timeout numeric, broadcast_concurrent_limit numeric,
    broadcast_caller_id_number text, insert_date timestamptz, update_date timestamptz);
CREATE TABLE v_gateways (gateway_uuid uuid PRIMARY KEY, domain_uuid uuid, gateway text, enabled text);
CREATE TABLE v_xml_cdr (
    xml_cdr_uuid uuid PRIMARY KEY, domain_uuid uuid, call_broadcast_uuid uuid, direction text,
    caller_id_number text, destination_number text, start_stamp timestamptz, start_epoch numeric,
    answer_stamp timestamptz, end_stamp timestamptz, duration numeric, billsec numeric, hangup_cause text,
    sip_hangup_disposition text, insert_date timestamptz);
CREATE TABLE v_xml_cdr_json (xml_cdr_json_uuid uuid PRIMARY KEY, xml_cdr_uuid uuid, json jsonb);
CREATE TABLE v_pin_numbers (pin_number_uuid uuid PRIMARY KEY, pin_number text, accountcode text);
CREATE TABLE v_call_center_agents (call_center_agent_uuid uuid PRIMARY KEY, agent_name text, agent_status text);
CREATE TABLE v_fax_queue (fax_queue_uuid uuid PRIMARY KEY, fax_number text, fax_status text);
CREATE TABLE queue_log (
    time timestamp, callid varchar(80), queuename varchar(256), agent varchar(80), event varchar(32), data1 text);

INSERT INTO v_domains VALUES ('00000000-0000-4000-8000-00000000000d', 'acme.example', 'true');
INSERT INTO v_call_broadcasts (call_broadcast_uuid, domain_uuid, broadcast_name, insert_date)
    VALUES ('00000000-0000-4000-8000-0000000000b1', '00000000-0000-4000-8000-00000000000d', 'Spring', '2026-03-01');
INSERT INTO v_xml_cdr
    SELECT gen_random_uuid(), '00000000-0000-4000-8000-00000000000d', '00000000-0000-4000-8000-0000000000b1',
           CASE WHEN n = 9 THEN 'inbound' ELSE 'outbound' END, '+4930555', '+4930' || 100000 + n % 5,
           timestamptz '2026-03-02 09:00+00' + n * interval '1 min', 0,
           CASE WHEN n % 2 = 0 THEN timestamptz '2026-03-02 09:00:10+00' + n * interval '1 min' END,
           timestamptz '2026-03-02 09:00:40+00' + n * interval '1 min', 40, CASE WHEN n % 2 = 0 THEN 30 ELSE 0 END,
           (ARRAY['NORMAL_CLEARING', 'NO_ANSWER', 'NORMAL_CLEARING', 'USER_BUSY'])[1 + n % 4], NULL, '2026-03-02'
    FROM generate_series(1, 9) AS n;
INSERT INTO queue_log
    SELECT '2026-03-02 09:00', n::text, 'support', 'NONE', 'ENTERQUEUE', '' FROM generate_series(1, 3) AS n;
