-- The call windows of campaigns: at which seconds of the local week they change, whether they are open as it begins, and
-- what is to be added to an instant for the local time since a Monday. Sent as arrays, so that none is sent twice.
SELECT campaigns.campaign, weeks.opens, weeks.changes::float8[] AS changes,
       zones.begins::float8[] AS begins, zones.added::float8[] AS added
FROM unnest(:closed_campaigns ::text[], :closed_places ::integer[]) AS campaigns (campaign, place)
JOIN unnest(:week_opens ::boolean[], :week_changes ::text[], :week_zones ::integer[])
    WITH ORDINALITY AS weeks (opens, changes, zone, place) ON weeks.place = campaigns.place + 1
JOIN unnest(:zone_begins ::text[], :zone_added ::text[])
    WITH ORDINALITY AS zones (begins, added, place) ON zones.place = weeks.zone + 1
