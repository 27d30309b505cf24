-- The tables of OMniLeads that the views read, with those columns only; made for tests, and never on a real system.
CREATE TABLE ominicontacto_app_basedatoscontacto (
    id serial PRIMARY KEY, nombre varchar(128) NOT NULL UNIQUE, fecha_alta timestamptz NOT NULL,
    nombre_archivo_importacion varchar(256) NOT NULL, cantidad_contactos int NOT NULL DEFAULT 0,
    estado int NOT NULL DEFAULT 0);
CREATE TABLE ominicontacto_app_campana (
    id serial PRIMARY KEY, estado int NOT NULL, nombre varchar(128) NOT NULL UNIQUE, fecha_inicio date,
    bd_contacto_id int REFERENCES ominicontacto_app_basedatoscontacto, type int NOT NULL,
    es_template boolean NOT NULL DEFAULT false, objetivo int NOT NULL DEFAULT 0);
CREATE TABLE queue_table (
    name varchar(128) PRIMARY KEY, campana_id int UNIQUE REFERENCES ominicontacto_app_campana, maxlen bigint NOT NULL);
CREATE TABLE ominicontacto_app_actuacionvigente (
    id serial PRIMARY KEY, campana_id int NOT NULL UNIQUE REFERENCES ominicontacto_app_campana,
    domingo boolean NOT NULL, lunes boolean NOT NULL, martes boolean NOT NULL, miercoles boolean NOT NULL,
    jueves boolean NOT NULL, viernes boolean NOT NULL, sabado boolean NOT NULL, hora_desde time NOT NULL,
    hora_hasta time NOT NULL);
CREATE TABLE ominicontacto_app_contacto (
    id serial PRIMARY KEY, telefono varchar(128) NOT NULL, datos text NOT NULL,
    bd_contacto_id int REFERENCES ominicontacto_app_basedatoscontacto, id_externo varchar(128),
    es_originario boolean NOT NULL DEFAULT true);
CREATE INDEX ominicontacto_app_contacto_bd_contacto_id ON ominicontacto_app_contacto (bd_contacto_id);
CREATE TABLE ominicontacto_app_opcioncalificacion (
    id serial PRIMARY KEY, campana_id int NOT NULL REFERENCES ominicontacto_app_campana, tipo int NOT NULL DEFAULT 0,
    nombre varchar(50) NOT NULL);
CREATE TABLE ominicontacto_app_calificacioncliente (
    id serial PRIMARY KEY, contacto_id int NOT NULL REFERENCES ominicontacto_app_contacto ON DELETE CASCADE,
    opcion_calificacion_id int NOT NULL REFERENCES ominicontacto_app_opcioncalificacion, modified timestamptz NOT NULL,
    callid varchar(32));
CREATE TABLE ominicontacto_app_reglasincidencia (
    id serial PRIMARY KEY, campana_id int NOT NULL REFERENCES ominicontacto_app_campana, estado int NOT NULL,
    intento_max int NOT NULL, reintentar_tarde int NOT NULL, en_modo int NOT NULL DEFAULT 1);
CREATE TABLE ominicontacto_app_reglaincidenciaporcalificacion (
    id serial PRIMARY KEY, opcion_calificacion_id int NOT NULL UNIQUE REFERENCES ominicontacto_app_opcioncalificacion,
    intento_max int NOT NULL, reintentar_tarde int NOT NULL, en_modo int NOT NULL DEFAULT 1);
CREATE TABLE reportes_app_llamadalog (
    id serial PRIMARY KEY, "time" timestamptz NOT NULL, callid varchar(32), campana_id int, tipo_campana int,
    tipo_llamada int, agente_id int, event varchar(32), numero_marcado varchar(128), contacto_id int,
    bridge_wait_time int, duracion_llamada int, archivo_grabacion varchar(100), agente_extra_id int,
    campana_extra_id int, numero_extra varchar(128));
CREATE INDEX reportes_app_llamadalog_callid ON reportes_app_llamadalog (callid);
CREATE INDEX reportes_app_llamadalog_campana_id ON reportes_app_llamadalog (campana_id);
