-- Promises that each role may do what is written here, and nothing else in the schema: with every migration anew, so that a
-- privilege that somebody has added or a former version has granted does not stay. What owns all of it is spendwatch_owner.
-- What analysis and audits may read is in grant_reading.sql, which comes first.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_oltp') THEN
    -- The hot path: adds facts and never changes them, whatever a defect of ours would have it do.
    GRANT USAGE ON SCHEMA spendwatch TO spendwatch_oltp;
    GRANT SELECT ON spendwatch.account_versions, spendwatch.closed_accounts, spendwatch.pipelines TO spendwatch_oltp;
    -- What is lost, too, is for people to acknowledge.
    GRANT SELECT, INSERT ON spendwatch.transactions, spendwatch.alerts, spendwatch.lost_records TO spendwatch_oltp;
    GRANT SELECT, INSERT, UPDATE ON spendwatch.accounts, spendwatch.claims, spendwatch.topic_layout, spendwatch.cluster_leases,
      spendwatch.sources, spendwatch.rewinds, spendwatch.archive_round_steps
      TO spendwatch_oltp;
    GRANT SELECT, UPDATE ON spendwatch.archive_rounds TO spendwatch_oltp;
    GRANT SELECT, INSERT ON spendwatch.seen_alerts TO spendwatch_oltp;
    GRANT INSERT ON spendwatch.operator_actions TO spendwatch_oltp;
    GRANT EXECUTE ON FUNCTION spendwatch.note_settings(text, text, jsonb) TO spendwatch_oltp;
    -- How far it is, which it derives from facts.
    GRANT SELECT, INSERT, UPDATE, DELETE ON spendwatch.nodes, spendwatch.progress TO spendwatch_oltp;
    GRANT SELECT, INSERT, DELETE ON spendwatch.open_episodes, spendwatch.balances_progress, spendwatch.cluster_exclusions TO spendwatch_oltp;
    -- The roll-ups, likewise. Whoever writes notes what is to be added to them, and the follower adds it.
    GRANT SELECT, INSERT, UPDATE, DELETE ON spendwatch.rollup_feed, spendwatch.rollup_alerts, spendwatch.hourly_spend,
      spendwatch.daily_users, spendwatch.hourly_alerts, spendwatch.user_risk, spendwatch.user_risk_leaving, spendwatch.user_risk_clock,
      spendwatch.daily_habits, spendwatch.user_features, spendwatch.user_features_versions, spendwatch.minute_sales,
      spendwatch.daily_spend, spendwatch.monthly_users
      TO spendwatch_oltp;
    GRANT SELECT (dropped_before) ON spendwatch.settings TO spendwatch_oltp;
    GRANT SELECT, UPDATE ON spendwatch.sales_metrics TO spendwatch_oltp;
    GRANT EXECUTE ON FUNCTION spendwatch.begin_sales_metrics() TO spendwatch_oltp;
    GRANT SELECT, UPDATE ON spendwatch.rollups, spendwatch.daily_habits_position TO spendwatch_oltp;
    GRANT SELECT ON spendwatch.rolled_up_transactions, spendwatch.rolled_up_alerts TO spendwatch_oltp;
    GRANT EXECUTE ON FUNCTION spendwatch.rollup_parts(), spendwatch.user_features_at(date, text, text) TO spendwatch_oltp;
    -- It has its owner's rights; the one way to a new partition.
    GRANT EXECUTE ON FUNCTION spendwatch.ensure_partitions(timestamptz[]) TO spendwatch_oltp;
    GRANT EXECUTE ON FUNCTION spendwatch.merge_old_days(integer, timestamptz) TO spendwatch_oltp;
    GRANT EXECUTE ON FUNCTION spendwatch.apply_balances(integer[], text[], text[], text[], bigint[], timestamptz[]) TO spendwatch_oltp;
  END IF;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_audit') THEN
    -- The audit, which reads what analysis does, alone writes what it has found. What has been found is not taken back: triggers.
    GRANT INSERT, UPDATE ON spendwatch.reconciliation_runs TO spendwatch_audit;
    -- Who has asked for one.
    GRANT INSERT ON spendwatch.operator_actions TO spendwatch_audit;
    GRANT INSERT, UPDATE, DELETE ON spendwatch.reconciliation_findings, spendwatch.reconciliation_positions,
      spendwatch.reconciliation_open_episodes, spendwatch.reconciliation_late TO spendwatch_audit;
  END IF;

  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'spendwatch_names') THEN
    -- What users are called, for people who have to know it beside what they may as members of spendwatch_olap.
    GRANT USAGE ON SCHEMA spendwatch TO spendwatch_names;
    GRANT SELECT ON spendwatch.accounts_named TO spendwatch_names;
  END IF;
END
$$
