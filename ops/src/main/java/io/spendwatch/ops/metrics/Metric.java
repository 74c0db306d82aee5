package io.spendwatch.ops.metrics;

/** Every metric of a node, with what a rise of it means. */
enum Metric {
  TRANSACTIONS(
      "spendwatch.transactions", "Transactions that this node has made durable, by verdict"),
  DUPLICATES(
      "spendwatch.duplicates",
      "Records whose transaction was stored already; a steady rise is a producer that repeats itself"),
  ALERTS("spendwatch.alerts", "Alerts that this node has published"),
  DEAD_LETTERS(
      "spendwatch.dead.letters",
      "Records put aside, by the topic that they came from; a rise is a producer that sends what cannot be taken"),
  DEAD_LETTER_USERS(
      "spendwatch.dead.letters.users",
      "Users of whom more records were put aside within the last interval than is normal; each has a window that lacks them"),
  LAG_RECORDS(
      "spendwatch.lag.records",
      "Offsets of a partition that are not published yet; a steady rise means that more comes than is done"),
  LAG_SECONDS(
      "spendwatch.lag.seconds",
      "How long the oldest record of a partition waits that is not published, by the record's timestamp; 0 without any"),
  STAGE_TIME(
      "spendwatch.stage",
      "Time of a batch in a stage of its walk; a rise says where the time goes, of those before it too"),
  ALERT_TIME(
      "spendwatch.alert",
      "Time from the timestamp of the record that an alert came of until it can be read"),
  USERS_AWAKE("spendwatch.users.awake", "Users in the memory of this node"),
  USERS_AWAKE_BYTES(
      "spendwatch.users.awake.bytes", "What users in memory take of it at most, bytes"),
  PARTITION_STATE(
      "spendwatch.partition.state",
      "1 for the state that a partition of the transactions is in, 0 for the others"),
  RETRIES(
      "spendwatch.retries",
      "Tries that have failed and are repeated, by the server that was asked; a rise is a server in trouble"),
  POOL_IN_USE(
      "spendwatch.pool.in.use",
      "Connections to PostgreSQL that somebody works with; as many as the maximum all the time is too few"),
  POOL_MAX("spendwatch.pool.max", "Connections to PostgreSQL that a pool may have"),
  POOL_WAITING(
      "spendwatch.pool.waiting",
      "Requests that wait for a connection to PostgreSQL; a rise is a slow server, or too few connections"),
  EVENT_CLIENTS(
      "spendwatch.events.clients",
      "Clients that listen to this node's events; at spendwatch.events.clients-max no more are taken"),
  EVENTS_LOST(
      "spendwatch.events.lost",
      "Events that slow clients have lost, each told by a gap; a steady rise is a client that cannot keep up"),
  LOST_RECORDS(
      "spendwatch.lost.records",
      "Records that this node found gone before they were read; any rise is to be looked into at once"),
  AUDIT_RUNS(
      "spendwatch.audit.runs",
      "Runs of the audit by this node that have assessed all they were to assess"),
  AUDIT_FAILED(
      "spendwatch.audit.failed",
      "Runs of the audit by this node that could not; a rise with each interval means that nothing is audited"),
  AUDIT_FINDINGS(
      "spendwatch.audit.findings",
      "Findings of the audit that are open, of all nodes' runs; any is to be looked into at once"),
  AUDIT_TRANSACTIONS("spendwatch.audit.transactions", "Transactions that this node has audited"),
  AUDIT_TIME(
      "spendwatch.audit.run",
      "Time that a run of the audit takes; a rise beyond its interval means that it falls behind"),
  ROLLUP_LAG(
      "spendwatch.rollup.lag.seconds",
      "How long the oldest transaction is there that is not in a roll-up; a steady rise means that more comes than is added"),
  ROLLUP_TRANSACTIONS(
      "spendwatch.rollup.transactions", "Transactions that this node has added to the roll-ups"),
  ROLLUP_TIME(
      "spendwatch.rollup.look",
      "Time of a look for new transactions that found some; a rise is a backlog, or a slow server"),
  ROLLUP_FAILED(
      "spendwatch.rollup.failed",
      "Looks of this node that could not add to the roll-ups; a rise with each of them means that they stand still"),
  SALES_METRICS_RECORDS(
      "spendwatch.sales.metrics.records", "Records that this node has published of sales metrics"),
  SALES_METRICS_WAITING(
      "spendwatch.sales.metrics.waiting.seconds",
      "How long the oldest change waits that is in the roll-up and not in the topic; a steady rise means that nobody publishes, or too slowly"),
  SALES_METRICS_FAILED(
      "spendwatch.sales.metrics.failed",
      "Looks of this node that could not publish sales metrics; a rise with each of them means that the topic stands still"),
  REPLICA_LAG(
      "spendwatch.replica.lag.seconds",
      "How old what the replica has is; 0 while it lacks nothing, and nothing (NaN) while nobody can tell"),
  REPLICA_LAG_BYTES(
      "spendwatch.replica.lag.bytes",
      "Of the primary's log that the replica lacks; a steady rise means that it does not follow"),
  REPLICA_USABLE(
      "spendwatch.replica.usable",
      "1 while questions are answered from the replica; 0 while it is away, promoted or too far behind"),
  ANALYSIS_ANSWERS(
      "spendwatch.analysis.answers",
      "Reports that this node was asked for, by where they were answered; a rise of refused is a roll-up being built, or a server away"),
  ANALYSIS_TIME(
      "spendwatch.analysis.answer",
      "Time that reading a report took, waiting for a connection included; a rise is a slow server, or more to read"),
  ANALYSIS_READINGS(
      "spendwatch.analysis.readings",
      "Reports that this node has read from PostgreSQL; as many as answers means that none are shared"),
  ANALYSIS_SHARED(
      "spendwatch.analysis.shared",
      "Answers to a report that are what somebody else had it read for; a fall beside the same answers is questions that differ, or a bound that none can keep"),
  FEATURES_TIMESTAMP(
      "spendwatch.user.features.timestamp.seconds",
      "The moment that users' features are of, in seconds since 1970; where it stands still for more than a day, none are computed"),
  UNREADABLE_ROWS(
      "spendwatch.unreadable.rows",
      "Rows that this node has met and cannot read; any rise is somebody else's write: status and log name it"),
  ARCHIVE_LAST_DAY(
      "spendwatch.archive.last.day.timestamp.seconds",
      "When the latest day in the archive began, seconds since 1970; 0 without any; no rise for a day means that none is archived"),
  ROUND_COMPLETED(
      "spendwatch.archive.round.timestamp.seconds",
      "When a round of the archive was last complete, seconds since 1970; 0 before any; no rise for longer than rounds are apart is a step that fails or waits: status says which"),
  RETENTION_REMOVED(
      "spendwatch.retention.removed",
      "Rows that this node has removed because they are older than they are kept, by kind"),
  RETENTION_FAILED(
      "spendwatch.retention.failed",
      "Looks for what is old that could not be done to their end; a rise with each interval means that nothing is removed"),
  RETENTION_LAST_RUN(
      "spendwatch.retention.last.run",
      "When this node last looked for what is old to the end, seconds since 1970; 0 before any"),
  PARTITIONS(
      "spendwatch.partitions",
      "Partitions of table transactions; a steady rise beyond the retention means that none is removed"),
  PARTITIONS_MADE(
      "spendwatch.partitions.made",
      "Partitions made for the days to come by this node; a rise is a new day"),
  PARTITIONS_DETACHED(
      "spendwatch.partitions.detached", "Partitions that this node has taken out of sight"),
  PARTITIONS_DROPPED(
      "spendwatch.partitions.dropped",
      "Partitions dropped by this node; fewer than were detached means that something holds them"),
  PARTITIONS_MERGED(
      "spendwatch.partitions.merged",
      "Months that this node has made of their days; without a rise in a month, merging is held up"),
  PARTITION_MAINTENANCE(
      "spendwatch.partition.maintenance",
      "Time that a look after the partitions takes; a rise means that it waits for long transactions"),
  PARTITION_MAINTENANCE_FAILED(
      "spendwatch.partition.maintenance.failed",
      "Looks after the partitions that ended early; a rise with each interval means that they cannot be kept"),
  PARTITION_MAINTENANCE_LAST_RUN(
      "spendwatch.partition.maintenance.last.run",
      "When the partitions were last looked after with success, seconds since 1970; 0 before any"),
  PARTITION_MAINTENANCE_LAST_FAILURE(
      "spendwatch.partition.maintenance.last.failure",
      "When a look after the partitions last failed, seconds since 1970; 0 before any");

  private final String id;
  private final String meaning;

  Metric(String id, String meaning) {
    this.id = id;
    this.meaning = meaning;
  }

  /** Dots between words; Prometheus shows underscores. */
  String id() {
    return id;
  }

  /** Of a gauge or a histogram without a unit of its own. */
  String prometheusName() {
    return id.replace('.', '_');
  }

  String meaning() {
    return meaning;
  }
}
