-- The indexes that the exporter's and Grafana's queries use through the views. Idempotent.
-- The two CASE expressions are those of views.sql, word for word: only then does a predicate on the view's
-- `status` or `outcome` find them.

-- Which rows changed since the watermark?
CREATE INDEX IF NOT EXISTS lead_updated_at ON dialler.lead (updated_at);
CREATE INDEX IF NOT EXISTS attempt_updated_at ON dialler.attempt (updated_at);

-- One campaign (audit, tables), and its tasks by state.
CREATE INDEX IF NOT EXISTS lead_campaign_status ON dialler.lead (campaign_id, (
    CASE state_code
        WHEN 'Q' THEN 'pending' WHEN 'D' THEN 'in_progress' WHEN 'C' THEN 'completed'
        WHEN 'F' THEN 'failed' WHEN 'X' THEN 'cancelled' ELSE state_code END));
CREATE INDEX IF NOT EXISTS attempt_campaign_dialled_at ON dialler.attempt (campaign_id, dialled_at);

-- What is live, over all campaigns: small partial indexes, as most rows are settled.
CREATE INDEX IF NOT EXISTS lead_live ON dialler.lead (lead_id) WHERE (
    CASE state_code
        WHEN 'Q' THEN 'pending' WHEN 'D' THEN 'in_progress' WHEN 'C' THEN 'completed'
        WHEN 'F' THEN 'failed' WHEN 'X' THEN 'cancelled' ELSE state_code END) IN ('pending', 'in_progress');
CREATE INDEX IF NOT EXISTS attempt_live ON dialler.attempt (attempt_id) WHERE (
    CASE result_code
        WHEN 'LIVE' THEN 'in_progress' WHEN 'ANS' THEN 'answered' WHEN 'VM' THEN 'voicemail'
        WHEN 'NA' THEN 'no_answer' WHEN 'BUSY' THEN 'busy' WHEN 'REJ' THEN 'rejected'
        WHEN 'ERR' THEN 'failed' WHEN 'ABD' THEN 'abandoned' ELSE result_code END) = 'in_progress';

-- The windows of one campaign: `campaigns` is read whole at every refresh, and looks them up once for each.
CREATE INDEX IF NOT EXISTS schedule_range_campaign ON dialler.schedule_range (campaign_id);

-- One task: its calls, events and snapshots; deleting a person finds their leads.
CREATE INDEX IF NOT EXISTS attempt_lead ON dialler.attempt (lead_id);
CREATE INDEX IF NOT EXISTS lead_person ON dialler.lead (person_id);
CREATE INDEX IF NOT EXISTS lead_log_lead ON dialler.lead_log (lead_id, at);
CREATE INDEX IF NOT EXISTS lead_log_at ON dialler.lead_log (at);
CREATE INDEX IF NOT EXISTS dispatch_log_campaign_at ON dialler.dispatch_log (campaign_id, at);
CREATE INDEX IF NOT EXISTS dispatch_log_lead ON dialler.dispatch_log (lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS dispatch_log_at ON dialler.dispatch_log (at);
CREATE INDEX IF NOT EXISTS campaign_journal_campaign_at ON dialler.campaign_journal (campaign_id, at);
