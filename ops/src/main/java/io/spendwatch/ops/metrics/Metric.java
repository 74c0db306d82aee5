package io.spendwatch.ops.metrics;

/** Every metric of a node, with what a rise of it means. */
enum Metric {
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
      "Runs of the audit by this node that have judged all they were to judge"),
  AUDIT_FAILED(
      "spendwatch.audit.failed",
      "Runs of the audit by this node that could not; a rise with each interval means that nothing is audited"),
  AUDIT_FINDINGS(
      "spendwatch.audit.findings",
      "What the audit has found, by this node; any rise is to be looked into at once"),
  AUDIT_TRANSACTIONS("spendwatch.audit.transactions", "Transactions that this node has audited"),
  AUDIT_TIME(
      "spendwatch.audit.run",
      "Time that a run of the audit takes; a rise beyond its interval means that it falls behind"),
  UNREADABLE_ROWS(
      "spendwatch.unreadable.rows",
      "Rows that this node has met and cannot read; any rise is somebody else's write: status and log name it"),
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

  String meaning() {
    return meaning;
  }
}
