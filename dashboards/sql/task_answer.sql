-- Why does this task not go? One row a line of the answer: what it is about, and the words.
-- The row of the task, its campaign and its number decide; whether its campaign may dial is the exporter's to say.
WITH task AS (
    SELECT t.task_id::text AS task_id, t.campaign_id, t.number_id, t.sticky, t.status,
           nullif(t.blocker, '') AS blocker, t.held_by, t.disposition, t.attempts, t.max_attempts, t.system_retries,
           t.next_eligible_at AS due, t.last_attempted_at AS dialled,
           CASE WHEN isfinite(t.updated_at) THEN t.updated_at END AS stamped,
           CASE WHEN isfinite(t.created_at) THEN t.created_at END AS made
    FROM campaign_grafana.tasks AS t
    WHERE t.task_id = campaign_grafana.task_key(${task:sqlstring})
      AND t.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
    LIMIT 1
),
-- Its campaign and its number: of each one row, of nulls where there is none.
around AS (
    SELECT c.campaign_id::text AS campaign_id, c.status AS campaign_status, c.pause_reason, c.paused_at, c.expires_at,
           n.number_id::text AS number_id, coalesce(nullif(n.label, ''), n.phone, task.number_id::text) AS number,
           n.status AS number_status, n.cooldown_until,
           -- A platform that tells no pool at all tells nothing about this number either.
           EXISTS (SELECT FROM campaign_grafana.campaign_numbers AS p WHERE p.campaign_id = c.campaign_id)
               AND NOT EXISTS (SELECT FROM campaign_grafana.campaign_numbers AS p
                               WHERE p.campaign_id = c.campaign_id AND p.number_id = task.number_id) AS not_in_pool
    FROM (SELECT) AS one
    LEFT JOIN task ON true
    LEFT JOIN campaign_grafana.campaigns AS c ON c.campaign_id = campaign_grafana.campaign_key(${campaign:sqlstring})
    LEFT JOIN campaign_grafana.numbers AS n ON n.number_id = task.number_id
    LIMIT 1
),
-- Spans between now and the moments that matter, in words.
spans AS (
    SELECT max(words) FILTER (WHERE name = 'due') AS due,
           max(words) FILTER (WHERE name = 'waited') AS waited,
           max(words) FILTER (WHERE name = 'dialled') AS dialled,
           max(words) FILTER (WHERE name = 'stamped') AS stamped,
           max(words) FILTER (WHERE name = 'paused') AS paused,
           max(words) FILTER (WHERE name = 'rests') AS rests
    FROM (
        SELECT moment.name,
               CASE WHEN span < 120 THEN round(span) || ' s'
                    WHEN span < 7200 THEN round(span / 60) || ' min'
                    WHEN span < 172800 THEN round(span / 3600) || ' h'
                    ELSE round(span / 86400) || ' days' END AS words
        FROM around
        LEFT JOIN task ON true
        CROSS JOIN LATERAL (
            VALUES ('due', task.due), ('waited', greatest(task.due, task.made)), ('stamped', task.stamped),
                   ('dialled', coalesce(task.dialled, task.stamped)), ('paused', around.paused_at),
                   ('rests', around.cooldown_until)
        ) AS moment (name, at)
        CROSS JOIN LATERAL (SELECT abs(extract(epoch FROM now()) - extract(epoch FROM moment.at)) AS span) AS measured
        WHERE moment.at IS NOT NULL
    ) AS measured
),
-- The vocabulary of exporter.contract.codes and exporter.commands.explain.blockers; a test holds them together.
vocabulary (code, meaning, clears, first_move) AS (
    VALUES
        -- vocabulary: begin
        ('campaign_paused', 'The campaign is paused.',
         'when the campaign is resumed', 'Read the reason; fix it before resuming.'),
        ('not_started', 'The campaign has not started yet.',
         'when the campaign starts', 'Read the reason; fix it before resuming.'),
        ('circuit_breaker_open', 'The platform stopped the campaign after too many failures.',
         'when the platform''s circuit breaker is closed', 'Read the reason; fix it before resuming.'),
        ('audience_not_ready', 'The list is not imported yet.',
         'when the list is imported', 'Fix the file or the data.'),
        ('invalid_number', 'The contact''s number cannot be dialled.',
         'when the number in the list is fixed', 'Fix the file or the data.'),
        ('timezone_missing', 'The contact''s time zone is unknown.',
         'when the list tells the contact''s time zone', 'Fix the file or the data.'),
        ('dnc', 'The contact is on a do-not-call list.',
         '', 'Never override; keep the evidence.'),
        ('consent_missing', 'The contact''s consent is missing.',
         'when the consent is in the data', 'Never override; keep the evidence.'),
        ('contact_frequency_cap', 'The contact was called as often as is allowed.',
         'when the contact may be called again', 'Never override; keep the evidence.'),
        ('outside_call_window', 'The call window is closed.',
         'when the window opens', 'Wait, or fix the schedule; mind the contact''s zone.'),
        ('no_window_enabled', 'The schedule has no window at all.',
         'when a call window is enabled', 'Wait, or fix the schedule; mind the contact''s zone.'),
        ('budget_exhausted', 'The campaign''s budget is spent.',
         'when the budget is raised', 'A governance decision: ask who owns the budget.'),
        ('credits_exhausted', 'The tenant''s credits are spent.',
         'when credits are added', 'A governance decision: ask who owns the budget.'),
        ('campaign_concurrency', 'The campaign''s own limit of calls at once is reached.',
         'when one of the campaign''s calls ends', 'Find who holds the slots; look for leaked slots.'),
        ('tenant_concurrency', 'The tenant''s limit of calls at once is reached.',
         'when one of the tenant''s calls ends', 'Find who holds the slots; look for leaked slots.'),
        ('no_agent_available', 'No person is free to talk.',
         'when a person is free', 'See who is logged in and who is on a break; mind the shifts.'),
        ('pool_exhausted', 'No number of the pool has capacity left.',
         'when a number of the pool can be used', 'Find who holds the slots; look for leaked slots.'),
        ('connection_limit', 'The trunk''s limit is reached.',
         'when a channel of the connection comes free', 'Find who holds the slots; look for leaked slots.'),
        ('higher_priority_campaign', 'A campaign of higher priority takes the slots.',
         'when the campaign that goes first leaves a slot', 'Find who holds the slots; look for leaked slots.'),
        ('number_cooldown', 'The numbers rest between calls.',
         'when a number is rested', 'Rest, replace or add numbers.'),
        ('number_daily_cap', 'The numbers reached their calls of the day.',
         'when daily caps start anew', 'Rest, replace or add numbers.'),
        ('number_flagged', 'The number is flagged as spam.',
         'when its number is replaced, or no longer flagged', 'Rest, replace or add numbers.'),
        ('no_country_match', 'No number of the pool fits the contact''s country.',
         'when the pool has a number of the contact''s country', 'Rest, replace or add numbers.'),
        ('provider_throttled', 'The provider asks us to slow down.',
         'when the provider takes calls again', 'Contain, back off, fail over.'),
        ('provider_error', 'The provider fails.',
         'when the provider takes calls again', 'Contain, back off, fail over.'),
        ('provider_auth', 'The provider refuses our credentials.',
         'when the provider accepts our credentials', 'Contain, back off, fail over.'),
        ('network_blocked', 'The network between us and the provider is blocked.',
         'when the provider can be reached', 'Contain, back off, fail over.'),
        ('retry_wait', 'The task waits for its next attempt.',
         'when that is due', 'Wait for the time of the next attempt.'),
        ('attempts_exhausted', 'The task has used all its attempts.',
         '', 'Close it; raise max_attempts only if it is to be called again.'),
        -- vocabulary: end
        ('none', NULL, NULL, NULL)
),
answer AS (
    SELECT task.*, known.meaning, known.clears, known.first_move,
           coalesce(task.held_by, 'none') AS code,
           -- The exporter's default of stale_after.
           task.status = 'in_progress' AND coalesce(task.dialled, task.stamped) < now() - interval '30 minutes' AS stale
    FROM task
    LEFT JOIN vocabulary AS known ON known.code = task.held_by
)
SELECT line.about AS "About", line.words AS "Answer"
FROM around
CROSS JOIN spans
LEFT JOIN answer ON true
-- A number that the task keeps, and that cannot be used.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN answer.sticky IS NOT TRUE OR answer.number_id IS NULL OR answer.status <> 'pending' THEN NULL
        WHEN around.number_status IN ('flagged', 'released') THEN 'is ' || around.number_status
        WHEN around.cooldown_until > now() THEN 'rests for another ' || spans.rests
        WHEN around.number_status = 'resting' THEN 'rests'
        WHEN around.not_in_pool THEN 'is not in the pool of its campaign any more' END AS fault
) AS kept
-- What of its campaign stands in the way of any task.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN around.campaign_status = 'paused'
            THEN concat('is paused', ' for ' || spans.paused, ' (' || nullif(around.pause_reason, '') || ')')
        WHEN around.campaign_status = 'scheduled' THEN 'has not started'
        WHEN around.campaign_status = 'draft' THEN 'is a draft'
        WHEN around.campaign_status IN ('completed', 'cancelled') THEN 'is over: it was ' || around.campaign_status
        WHEN around.expires_at <= now() THEN 'has expired' END AS held
) AS campaign
-- The ids as a shell takes them, whatever they hold; null where there is no such task.
LEFT JOIN LATERAL (
    SELECT string_agg(concat(' --', name, '=', CASE WHEN id ~ '^[A-Za-z0-9_.:-]+$' THEN id
                                                    ELSE '''' || replace(id, '''', '''"''"''') || '''' END), '') AS ids
    FROM (VALUES ('campaign', around.campaign_id), ('task', answer.task_id)) AS asked (name, id)
    HAVING count(id) = 2
) AS given ON true
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN around.campaign_id IS NULL THEN 'No such campaign.'
        WHEN answer.task_id IS NULL AND coalesce((ARRAY[${task:sqlstring}]::text[])[1], '') = ''
            THEN 'No task is chosen: come here from the tasks table of a campaign, or enter a task''s id above.'
        WHEN answer.task_id IS NULL THEN 'No such task in this campaign.'
        WHEN answer.status IN ('completed', 'failed', 'cancelled')
            THEN concat('It is over: it ', CASE answer.status WHEN 'failed' THEN '' ELSE 'was ' END, answer.status,
                        ' as ' || answer.disposition, ', last dialled ' || spans.dialled || ' ago',
                        '. It will not be dialled again.')
        WHEN answer.stale
            THEN 'It is in progress for ' || spans.dialled || ', too long for a real call: its slot was not given back.'
        WHEN answer.status = 'in_progress' THEN concat('It is being dialled now, for ' || spans.dialled, '.')
        WHEN answer.status <> 'pending' THEN 'Its status ' || answer.status || ' is none that the contract knows.'
        WHEN answer.blocker IS NOT NULL AND answer.meaning IS NULL
            THEN 'It carries ' || answer.blocker || ', a code that nobody announced.'
        WHEN answer.blocker IS NOT NULL
            THEN concat('It carries ', answer.code, '. ', answer.meaning,
                        coalesce(' It will be dialled ' || nullif(answer.clears, ''), ' It will not be dialled'), '.')
        WHEN answer.code = 'attempts_exhausted'
            THEN concat('It has used its attempts, ', answer.attempts, ', and the platform leaves it pending. It will ',
                        'not be dialled.')
        WHEN answer.code = 'retry_wait'
            THEN concat('Waits for its next attempt at ', to_char(answer.due AT TIME ZONE 'UTC',
                        CASE WHEN answer.due > now() + interval '20 hours' THEN 'YYYY-MM-DD ' ELSE '' END || 'HH24:MI'),
                        ' UTC (in ', spans.due, ').')
        WHEN campaign.held IS NOT NULL THEN 'Nothing of its own holds it, but its campaign ' || campaign.held || '.'
        WHEN kept.fault IS NOT NULL THEN 'It keeps its number ' || around.number || ', which ' || kept.fault || '.'
        ELSE concat('It is ready', ' for ' || spans.waited, ' and nothing of its own holds it: it is dialled in its ',
                    'turn, as soon as its campaign may dial.') END AS words
) AS why
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN answer.task_id IS NULL THEN NULL
        WHEN answer.status IN ('completed', 'failed', 'cancelled') THEN 'None; import the contact again to call anew.'
        WHEN answer.stale THEN 'Ask the platform''s owners to close it: it holds a slot meanwhile.'
        WHEN answer.status = 'in_progress' THEN 'None: let the call end.'
        WHEN answer.status <> 'pending' THEN 'Translate the status in the view of tasks.'
        WHEN answer.first_move IS NOT NULL THEN answer.first_move
        WHEN answer.blocker IS NOT NULL THEN 'Tell the platform''s owners.'
        WHEN answer.code = 'retry_wait' THEN 'Wait for the time of the next attempt.'
        WHEN campaign.held IS NOT NULL THEN 'See what holds its campaign before you touch the task.'
        WHEN kept.fault IS NOT NULL THEN 'Rest, replace or release the number.'
        ELSE 'See the verdict of its campaign, beside this.' END AS words
) AS move
CROSS JOIN LATERAL (
    SELECT nullif(concat_ws(' ',
        CASE WHEN answer.status = 'pending' AND answer.code <> 'none' AND campaign.held IS NOT NULL
             THEN 'Its campaign ' || campaign.held || '.' END,
        CASE WHEN (answer.code = 'campaign_paused' AND around.campaign_status <> 'paused')
               OR (answer.code = 'not_started' AND around.campaign_status <> 'scheduled')
             THEN concat('Its campaign is ', around.campaign_status, ': the code was stamped ', spans.stamped,
                         ' ago and is out of date.') END,
        CASE WHEN answer.status = 'pending' AND answer.blocker IS NOT NULL AND answer.due > now()
             THEN 'It waits for its next attempt, too: that is due in ' || spans.due || '.' END,
        CASE WHEN kept.fault IS NOT NULL AND (answer.code <> 'none' OR campaign.held IS NOT NULL)
             THEN 'It keeps its number ' || around.number || ', which ' || kept.fault || '.' END,
        CASE WHEN answer.status = 'pending' AND answer.blocker IS NOT NULL AND answer.max_attempts > 0
                  AND answer.attempts >= answer.max_attempts
             THEN 'It has used all of its ' || answer.max_attempts || ' attempts: the platform should close it.' END,
        CASE WHEN answer.system_retries > 0
             THEN concat('Faults of the platform or the provider made it retry ', answer.system_retries,
                         CASE answer.system_retries WHEN 1 THEN ' time.' ELSE ' times.' END) END
    ), '') AS words
) AS also
CROSS JOIN LATERAL (
    VALUES (1, 'Why', why.words),
           (2, 'First move', move.words),
           (3, 'Also', also.words),
           (4, 'Explain', 'campaign-exporter explain --config.file exporter.yaml' || given.ids),
           (5, 'Capture', 'campaign-exporter capture --config.file exporter.yaml' || given.ids || ' -o evidence.zip')
) AS line (place, about, words)
WHERE line.words IS NOT NULL
ORDER BY line.place
LIMIT 10
