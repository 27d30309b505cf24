-- 4. What masks texts and JSON. A phone in free text is seven digits or more, however they are set apart; UUIDs, dates
-- and times are left. They raise no error whatever the text holds: an error could quote what it hides.
CREATE FUNCTION campaign_grafana.masked_text(words text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT CASE WHEN words ~ '@|[0-9](?:[[:space:]()/._-]{0,3}[0-9]){6}' THEN pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(words, '[^[:space:]"<>@]{1,64}@[^[:space:]"<>@]+', '***@***', 'g'),
        '(?<![0-9A-Fa-f])(?<![0-9A-Fa-f]-)(?!(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])(?![0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-)'
            || '[+]?[0-9](?:[[:space:]()/._-]{0,3}[0-9]){6,}',
        '***', 'g') ELSE words END
$$;

-- Texts in JSON, its keys too; and whole numbers of 10 to 15 digits, which may be phones. Most has nothing to hide:
-- one look at the whole of it is much quicker than a look at each part.
CREATE FUNCTION campaign_grafana.masked_json(it jsonb, depth integer DEFAULT 0) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF depth = 0 AND it::text !~ '@|\\|[0-9](?:[[:space:]()/._-]{0,3}[0-9]){6}' THEN
        RETURN it;
    END IF;
    CASE pg_catalog.jsonb_typeof(it)
        WHEN 'string' THEN
            RETURN pg_catalog.to_jsonb(campaign_grafana.masked_text(it #>> '{}'));
        WHEN 'number' THEN
            RETURN CASE WHEN (it #>> '{}') ~ '^-?[0-9]{10,15}([.]0+)?$' THEN '"***"' ELSE it END;
        WHEN 'object' THEN
            RETURN CASE WHEN depth > 30 THEN '"***"' ELSE (
                SELECT coalesce(pg_catalog.jsonb_object_agg(
                    campaign_grafana.masked_text(key), campaign_grafana.masked_json(value, depth + 1)), '{}')
                FROM pg_catalog.jsonb_each(it)) END;
        WHEN 'array' THEN
            RETURN CASE WHEN depth > 30 THEN '"***"' ELSE (
                SELECT coalesce(pg_catalog.jsonb_agg(
                    campaign_grafana.masked_json(value, depth + 1) ORDER BY place), '[]')
                FROM pg_catalog.jsonb_array_elements(it) WITH ORDINALITY AS element (value, place)) END;
        ELSE
            RETURN it;
    END CASE;
END $$;

