-- The call windows of campaigns: at which seconds of the local week they change, whether they are open as it begins, and
-- what is to be added to an instant for the local time since a Monday. Sent as arrays, so that none is sent twice; the
-- offsets keep the planner from reading their texts again for each call.
SELECT campaigns.campaign, weeks.opens, weeks.changes, zones.begins, zones.added
FROM unnest(:closed_campaigns ::text[], :closed_places ::integer[]) AS campaigns (campaign, place)
JOIN (
    SELECT week.opens, week.changes::float8[] AS changes, week.zone + 1 AS zone, week.place - 1 AS place
    FROM unnest(:week_opens ::integer[], :week_changes ::text[], :week_zones ::integer[])
        WITH ORDINALITY AS week (opens, changes, zone, place)
    OFFSET 0
) AS weeks USING (place)
JOIN (
    SELECT zone.begins::float8[] AS begins, zone.added::bigint[] AS added, zone.place AS zone
    FROM unnest(:zone_begins ::text[], :zone_added ::text[]) WITH ORDINALITY AS zone (begins, added, place)
    OFFSET 0
) AS zones USING (zone)
