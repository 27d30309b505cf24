-- 4. What masks texts and JSON. A phone in free text is seven digits or more, however they are set apart; UUIDs,
-- hashes, dates and times are left. They raise no error whatever the text holds: an error could quote what it hides.
-- What is to be left is put between two marks first, so that a number is masked whatever stands before it. Then a third
-- mark follows each such piece, and replaces each number outside of them; after a piece it goes, else it becomes stars.
CREATE FUNCTION campaign_grafana.masked_text(words text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN words ~ ('@|[0-9](?:'
            || '[@between@]{0,3}'
            || '[0-9]){6}')
    THEN pg_catalog.translate(pg_catalog.replace(pg_catalog.replace(
        pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.regexp_replace(
        pg_catalog.regexp_replace(pg_catalog.regexp_replace(pg_catalog.translate(words, E'\x01\x02\x03', ''),
            '[^[:space:]"<>@]{1,64}@[^[:space:]"<>@]+', '***@***', 'g'),
            -- a UUID; or a hash of 24, 32, 40 or 64 characters with a letter in it, as it is or after two letters
            '(?:^|[^0-9A-Za-z\x01\x02])(?:[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|(?:[A-Z]{2})?'
            || '(?=[0-9]*[A-Fa-f])(?:(?:[0-9A-Fa-f]{8}){3,5}|[0-9A-Fa-f]{64}))(?![0-9A-Za-z])', E'\x01\\&\x02', 'g'),
            -- a date with a time
            '(?:^|[^0-9+\x01\x02])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9]'
            || '(?::[0-6][0-9](?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)?(?![0-9])', E'\x01\\&\x02', 'g'),
            -- dates alone, unless digits before or after them are of the same number
            '(?:^|[^0-9+\x01\x02@between@])'
            || '[@between@]{0,3}'
            || '(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]'
            || '(?:[@between@]{0,3}'
            || '(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9])*(?![-.(]?[0-9]|[T ][0-9]{2}:)', E'\x01\\&\x02', 'g'),
            -- what is left, or a number
            '(\x01[^\x01\x02]+\x02)|[+]?[0-9](?:'
            || '[@between@]{0,3}'
            || '[0-9]){6,}', E'\\1\x03', 'g'),
        E'\x02\x03', ''), E'\x03', '***'), E'\x01\x02', '')
    ELSE words END
$$;

-- Texts in JSON, its keys too; and whole numbers of 10 to 15 digits, which may be phones. Most has nothing to hide:
-- one look at the whole of it is much quicker than a look at each part.
CREATE FUNCTION campaign_grafana.masked_json(it jsonb, depth integer DEFAULT 0) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
BEGIN
    IF depth = 0 AND it::text !~ ('@|\\|[0-9](?:'
            || '[@between@]{0,3}'
            || '[0-9]){6}')
    THEN
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

-- A reference is kept, unless it is an address or a phone: by how it begins, by holding the end of the phone beside it,
-- or by looking like one. An integer of up to 9 digits, or of 16 and more, is an id unless that phone says otherwise.
CREATE FUNCTION campaign_grafana.masked_contact(contact text, phone text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN contact ~* '^[[:space:]]*(?:[+]|(?:callto|sips?|sms|tel|whatsapp):)|@'
            OR phone ~ '[0-9](?:[^0-9]*[0-9]){6}' AND pg_catalog.strpos(
                pg_catalog.regexp_replace(contact, '[^0-9]', '', 'g'),
                pg_catalog.right(pg_catalog.regexp_replace(phone, '[^0-9]', '', 'g'), 7)) > 0
            OR contact ~ ('^(?:[@between@]*'
                || '[0-9+]){7,20}[@between@]*$')
            AND contact !~ '^[1-9](?:[0-9]{6,8}|[0-9]{15,18})$'
        THEN '*****' || pg_catalog.right(contact, 2)
        ELSE contact END
$$;
