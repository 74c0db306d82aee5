package io.spendwatch.ops.node;

import io.spendwatch.actors.address.PartitionSharding;
import io.spendwatch.ops.analysis.AnalysisMetrics;
import io.spendwatch.ops.analysis.Reports;
import io.spendwatch.ops.analysis.SharedReports;
import io.spendwatch.ops.api.DashboardResource;
import io.spendwatch.ops.api.DocsResource;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.api.live.CheckResource;
import io.spendwatch.ops.api.live.EventsResource;
import io.spendwatch.ops.api.live.HealthResource;
import io.spendwatch.ops.api.live.MetricsResource;
import io.spendwatch.ops.api.live.PartitionsResource;
import io.spendwatch.ops.api.live.StatusResource;
import io.spendwatch.ops.api.live.TopResource;
import io.spendwatch.ops.api.live.UsersResource;
import io.spendwatch.ops.api.stored.AnalysisResource;
import io.spendwatch.ops.api.stored.ReconciliationsResource;
import io.spendwatch.ops.audit.AuditHistory;
import io.spendwatch.ops.audit.ReconciliationJob;
import io.spendwatch.ops.audit.windows.AwakeWindows;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.events.EventHub;
import io.spendwatch.ops.questions.ClusterUsers;
import io.spendwatch.ops.questions.Gate;
import io.spendwatch.ops.questions.RecentTops;
import io.spendwatch.ops.questions.UserAnswers;
import io.spendwatch.ops.questions.UserDetails;
import io.spendwatch.ops.questions.Users;
import io.spendwatch.protocol.Partitioner;
import io.spendwatch.streams.base.Timekeeper;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.ledger.PgHistory;
import io.spendwatch.streams.ledger.UnreadableRows;
import java.time.Duration;
import java.util.List;

/** What a node answers over HTTP, and whom each resource asks. Stateless but for what it asks. */
final class NodeApi {
  /** For the end of an audit that somebody has asked for; an idle connection is closed later. */
  private static final Duration RUN_PATIENCE = Duration.ofSeconds(10);

  private final Foundation on;
  private final StatusSource status;
  private final Census census;
  private final Users users;
  private final UserAnswers userAnswers;
  private final StoredRecords records;

  NodeApi(
      Foundation on,
      PartitionSharding sharding,
      UnreadableRows unreadable,
      StatusSource status,
      Census census) {
    this.on = on;
    this.status = status;
    this.census = census;
    Configuration configuration = on.configuration();
    Database questions = on.databases().questions();
    Partitioner partitioner = configuration.streams().kafka().partitioner();
    this.users =
        new ClusterUsers(
            on.system(),
            sharding,
            partitioner,
            status::transactionsPartitions,
            configuration.questions().timeout());
    this.userAnswers =
        new UserAnswers(
            users,
            new PgHistory(questions, unreadable),
            new UserDetails(questions),
            partitioner,
            status::transactionsPartitions,
            on.system().executionContext(),
            on.clock());
    this.records = new StoredRecords(configuration, on.databases().analytics());
  }

  /** All of them; what they have open is closed with the node. To be called once. */
  List<Resource> resources(
      ReconciliationJob audit,
      AuditHistory audits,
      AwakeWindows windows,
      EventHub events,
      AnalysisMetrics analysis) {
    records.closeWith(on.system());
    Configuration configuration = on.configuration();
    return List.of(
        new HealthResource(status::now),
        new StatusResource(status::now, census::take),
        new ReconciliationsResource(audits::recent, audit::runNow, RUN_PATIENCE),
        records.users(),
        records.alerts(),
        records.deadLetters(),
        new AnalysisResource(
            new SharedReports(
                new Reports(on.databases().analytics(), configuration.analysis().timeout())::answer,
                configuration.analysis().sharing(),
                Timekeeper.real(on.clock()),
                analysis),
            analysis),
        new EventsResource(events),
        new PartitionsResource(status::transactionsPartitions, windows),
        new UsersResource(userAnswers::of, new Gate(configuration.questions().waitingMax())),
        new CheckResource(
            users,
            new Gate(configuration.questions().waitingMax()),
            configuration.questions(),
            configuration.streams().pipeline(),
            on.clock()),
        new TopResource(new RecentTops(users, on.clock())),
        new MetricsResource(on.metrics()::text),
        new DocsResource(),
        new DashboardResource());
  }
}
