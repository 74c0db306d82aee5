-- Promises that {reader}, the role of analysis or of audits, may read what is written here, partitions of transactions through
-- their parent, those to come included; what else it may do is in grant_privileges.sql. With every migration anew.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{reader}') THEN
    GRANT USAGE ON SCHEMA spendwatch TO {reader};
    GRANT SELECT ON
      spendwatch.transactions, spendwatch.alerts, spendwatch.pipelines,
      spendwatch.closed_accounts, spendwatch.account_versions, spendwatch.settings, spendwatch.topic_layout,
      spendwatch.accounts_readable, spendwatch.transactions_readable, spendwatch.alerts_readable,
      spendwatch.sources, spendwatch.lost_records, spendwatch.claims, spendwatch.progress, spendwatch.open_episodes,
      spendwatch.rollup_feed, spendwatch.rollup_alerts, spendwatch.rollups, spendwatch.rolled_up_transactions,
      spendwatch.rolled_up_alerts, spendwatch.hourly_spend, spendwatch.daily_users, spendwatch.hourly_alerts,
      spendwatch.user_risk, spendwatch.user_risk_leaving, spendwatch.user_risk_clock, spendwatch.daily_habits,
      spendwatch.daily_habits_position,
      spendwatch.user_features, spendwatch.user_features_versions, spendwatch.minute_sales, spendwatch.sales_metrics,
      spendwatch.daily_spend, spendwatch.monthly_users, spendwatch.archived_days,
      spendwatch.archive_rounds, spendwatch.archive_round_steps,
      spendwatch.operator_actions, spendwatch.balances_progress, spendwatch.rewinds, spendwatch.seen_alerts,
      spendwatch.reconciliation_runs, spendwatch.reconciliation_findings, spendwatch.reconciliation_positions,
      spendwatch.reconciliation_open_episodes, spendwatch.reconciliation_late, spendwatch.reconciliation_chain,
      spendwatch.erased_users, spendwatch.retention, spendwatch.removed_alerts
      TO {reader};
    -- All but the names. A new column is named here, too.
    GRANT SELECT (user_id, currency, balance_minor, balance_version, as_of, updated_at, last_version) ON spendwatch.accounts TO {reader};
    GRANT EXECUTE ON FUNCTION spendwatch.rollup_parts(), spendwatch.broken_runs(), spendwatch.user_features_at(date, text, text),
      spendwatch.spend_between(timestamptz, timestamptz), spendwatch.users_between(date, date),
      spendwatch.user_totals_between(date, date),
      spendwatch.run_hash(bytea, spendwatch.reconciliation_runs) TO {reader};
    BEGIN
      EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO {reader}', current_database());
    EXCEPTION
      -- Who does not own the database may not say so; unless somebody has revoked it, everybody has it.
      WHEN insufficient_privilege THEN NULL;
    END;
  END IF;
END
$$;
