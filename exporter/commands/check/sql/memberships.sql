-- The roles that this role is a member of itself, who granted that (null: whoever PostgreSQL takes unless told), and the
-- role that it reaches through each: itself, or one further on.
SELECT pg_catalog.quote_ident(g.rolname) AS through,
       CASE WHEN by.oid <> 10 AND pg_catalog.current_setting('server_version_num')::int >= 160000
            THEN pg_catalog.quote_ident(by.rolname) END AS grantor,
       pg_catalog.quote_ident(h.rolname) AS holder
FROM pg_catalog.pg_roles AS r
JOIN pg_catalog.pg_auth_members AS m ON m.member = r.oid
JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
LEFT JOIN pg_catalog.pg_roles AS by ON by.oid = m.grantor
JOIN pg_catalog.pg_roles AS h ON pg_catalog.pg_has_role(g.oid, h.oid, 'MEMBER')
WHERE r.rolname = current_user
ORDER BY through, grantor
