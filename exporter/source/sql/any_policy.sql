-- Whether any table of this database has row-level security: most have none, and there is nothing more to ask then.
SELECT EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.relrowsecurity)
