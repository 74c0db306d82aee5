package io.spendwatch.ops.erasure;

import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What an erasure does with each column of the schema that could name a user. */
final class Erased {
  /** They have the pseudonym afterwards, or, of names, nothing. */
  static final Set<String> COLUMNS =
      Set.of(
          "accounts.user_id",
          "accounts.username",
          "account_versions.user_id",
          "alerts.user_id",
          "closed_accounts.user_id",
          "daily_habits.user_id",
          "daily_users.user_id",
          "erasures.pseudonym",
          "erasures.user_id",
          "monthly_users.user_id",
          "open_episodes.user_id",
          "reconciliation_findings.actual",
          "reconciliation_findings.detail",
          "reconciliation_findings.expected",
          "reconciliation_findings.reproduce",
          "reconciliation_findings.user_id",
          "reconciliation_late.user_id",
          "reconciliation_open_episodes.user_id",
          "retention.place",
          "transactions.user_id",
          "user_features.user_id",
          "user_risk.user_id",
          "user_risk_leaving.user_ids");

  /** The others, each with why it stays as it is. */
  static final Map<String, String> REASONS = reasons();

  private Erased() {}

  private static Map<String, String> reasons() {
    Map<String, String> reasons = new TreeMap<>();
    because(
        reasons,
        "our own words",
        "alerts.cause",
        "alerts.rule",
        "alerts.type",
        "hourly_alerts.type",
        "transactions.kind",
        "transactions.verdict",
        "lost_records.reason",
        "reconciliation_findings.kind",
        "reconciliation_runs.mode",
        "reconciliation_runs.outcome",
        "reconciliation_runs.rule",
        "archive_round_steps.state",
        "archive_round_steps.step",
        "retention.kind",
        "rollups.made_of",
        "rollups.name",
        "rollups.time_column",
        "settings.partition_granularity",
        "locks.work");
    because(
        reasons,
        "hashes of an episode, which subscribers know: an alert is explained by it as before",
        "alerts.alert_id",
        "alerts.episode_id",
        "open_episodes.episode_id",
        "seen_alerts.alert_id",
        "reconciliation_findings.alert_id");
    because(
        reasons,
        "of transactions: the system that made them knows whose they were, and the audit finds duplicates by them",
        "alerts.transaction_id",
        "alerts.revealed_by",
        "transactions.transaction_id",
        "transactions.original_transaction_id",
        "reconciliation_findings.transaction_id");
    because(
        reasons,
        "shops, by which is added up",
        "daily_habits.merchant",
        "daily_spend.merchant",
        "hourly_spend.merchant",
        "minute_sales.merchant",
        "transactions.merchant",
        "user_features.usual_merchants");
    because(
        reasons,
        "names of topics, partitions, currencies and files",
        "alerts.kafka_topic",
        "lost_records.topic",
        "lost_records.topic_id",
        "merged_days.day",
        "merged_days.month",
        "merges.month",
        "merges.open_since",
        "partitions_made.name",
        "rewinds.topic",
        "rewinds.topic_id",
        "sources.topic",
        "sources.topic_id",
        "balances_progress.topic_id",
        "user_risk_leaving.currencies",
        "settings.archive_uri");
    because(
        reasons,
        "nodes, and who runs them",
        "archive_rounds.holder",
        "claims.owner",
        "cluster_exclusions.lease",
        "cluster_exclusions.member",
        "cluster_leases.name",
        "cluster_leases.owner",
        "lost_records.noticed_by",
        "nodes.address",
        "nodes.host",
        "nodes.http",
        "nodes.node_id",
        "operator_actions.login",
        "operator_actions.origin",
        "operator_actions.settings",
        "operator_actions.who",
        "reconciliation_runs.node_id",
        "rewinds.asked_by",
        "rewinds.noticed_by",
        "sales_metrics.holder");
    because(
        reasons,
        "paths of requests that change something, and names of commands: none has a user in it",
        "operator_actions.action",
        "operator_actions.outcome");
    because(
        reasons,
        "hashes, made anew where a finding had the user",
        "reconciliation_chain.hash",
        "reconciliation_chain.removed_hash",
        "reconciliation_runs.hash",
        "erasures.hash_after",
        "erasures.hash_before");
    because(
        reasons,
        "what a server said that failed; a row's values are not in it",
        "archive_round_steps.reason",
        "reconciliation_runs.failure",
        "merges.refused");
    because(reasons, "a number", "reconciliation_runs.users_awake");
    because(
        reasons,
        "how far a computation is; an erasure waits for its end",
        "user_features_versions.next_user");
    because(
        reasons,
        "how far a roll-up is, and it may be behind whoever comes next",
        "daily_habits_position.user_id");
    return reasons;
  }

  private static void because(Map<String, String> reasons, String reason, String... columns) {
    for (String column : columns) {
      reasons.put(column, reason);
    }
  }
}
