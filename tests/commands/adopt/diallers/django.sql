-- Django in Spanish: prefixes, numbers for codes, contacts that belong to a list, calls as a log of events.
CREATE TABLE auth_user (id serial PRIMARY KEY, username text);
CREATE TABLE contacto_app_bdcontacto (id serial PRIMARY KEY, nombre varchar(128), fecha_alta timestamptz);
CREATE TABLE contacto_app_campana (
    id serial PRIMARY KEY, nombre varchar(128) NOT NULL, estado int NOT NULL, prioridad int,
    fecha_inicio date, fecha_fin date, bd_contacto_id int REFERENCES contacto_app_bdcontacto,
    reported_by_id int REFERENCES auth_user, oculto boolean);
CREATE TABLE contacto_app_historicalcampana (LIKE contacto_app_campana, history_id serial PRIMARY KEY);
CREATE TABLE contacto_app_contacto (
    id serial PRIMARY KEY, telefono varchar(128), datos text,
    bd_contacto_id int REFERENCES contacto_app_bdcontacto);
CREATE TABLE contacto_app_agenteencontacto (
    id serial PRIMARY KEY, agente_id int, contacto_id int, campana_id int, estado int, modificado timestamptz);
CREATE TABLE contacto_app_calificacion (id serial PRIMARY KEY, nombre text);
CREATE TABLE reportes_app_llamadalog (
    id bigserial PRIMARY KEY, time timestamptz NOT NULL, callid varchar(32), campana_id int, tipo_llamada int,
    agente_id int, event varchar(32), numero_marcado varchar(128), contacto_id int, bridge_wait_time int,
    duracion_llamada int);
CREATE INDEX ON reportes_app_llamadalog (campana_id, "time");

INSERT INTO contacto_app_bdcontacto (nombre) VALUES ('marzo'), ('abril');
INSERT INTO contacto_app_campana (nombre, estado, prioridad, fecha_inicio, bd_contacto_id)
    VALUES ('Primavera', 2, 10, '2026-03-01', 1), ('Otra', 5, 5, '2026-03-01', 1), ('Verano', 3, 5, '2026-02-01', 2);
INSERT INTO contacto_app_contacto (telefono, bd_contacto_id)
    SELECT '54351' || 4000000 + n, 1 + n % 2 FROM generate_series(1, 12) AS n;
INSERT INTO reportes_app_llamadalog (time, callid, campana_id, tipo_llamada, event, numero_marcado, contacto_id)
    SELECT timestamptz '2026-03-02 12:00+00' + n * interval '1 min' + e.place * interval '5 s',
           '17.' || n, 1, 2, e.event, '54351' || 4000000 + n, 2 * n
    FROM generate_series(1, 6) AS n,
         LATERAL unnest(CASE n % 3 WHEN 0 THEN ARRAY['DIAL', 'ANSWER', 'CONNECT', 'COMPLETEOUTNUM']
                                   WHEN 1 THEN ARRAY['DIAL', 'NOANSWER'] ELSE ARRAY['DIAL', 'BUSY'] END)
             WITH ORDINALITY AS e (event, place);
