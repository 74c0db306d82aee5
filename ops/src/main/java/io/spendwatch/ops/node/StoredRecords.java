package io.spendwatch.ops.node;

import io.spendwatch.ops.analysis.ArchiveAccess;
import io.spendwatch.ops.api.answers.Apart;
import io.spendwatch.ops.api.answers.Resource;
import io.spendwatch.ops.api.stored.AlertsResource;
import io.spendwatch.ops.api.stored.DeadLettersResource;
import io.spendwatch.ops.api.stored.UserRecordsResource;
import io.spendwatch.ops.audit.explain.Explanations;
import io.spendwatch.ops.config.Configuration;
import io.spendwatch.ops.deadletters.DeadLetterTopics;
import io.spendwatch.ops.deadletters.Replays;
import io.spendwatch.ops.records.AlertRecords;
import io.spendwatch.ops.records.ExposureRecords;
import io.spendwatch.ops.records.FeatureRecords;
import io.spendwatch.ops.records.TransactionRecords;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.kafka.KafkaConfig;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.CoordinatedShutdown;
import org.apache.pekko.actor.typed.ActorSystem;

/** What a node answers from tables and topics alone, whoever wrote them. Thread-safe. */
final class StoredRecords {
  /** As many as {@code explain} shows by itself. */
  private static final int EXPLAINED_ROWS = 50;

  private final Apart explaining = new Apart("explanations");
  private final Apart letters = new Apart("dead-letters");
  private final KafkaConfig kafka;
  private final Database analytics;
  private final ArchiveAccess archive;

  StoredRecords(Configuration configuration, Database analytics) {
    this.kafka = configuration.streams().kafka();
    this.analytics = analytics;
    this.archive = configuration.openArchive();
  }

  Resource users() {
    return new UserRecordsResource(
        new TransactionRecords(analytics, kafka.topics().transactions()),
        new AlertRecords(analytics),
        new ExposureRecords(analytics),
        new FeatureRecords(analytics));
  }

  Resource alerts() {
    return new AlertsResource(
        new AlertRecords(analytics),
        id ->
            new Explanations(analytics, kafka.topics(), EXPLAINED_ROWS, archive).of(id, null, null),
        explaining);
  }

  Resource deadLetters() {
    return new DeadLettersResource(new DeadLetterTopics(kafka), new Replays(kafka), letters);
  }

  /** What is being answered then is given up. */
  void closeWith(ActorSystem<?> system) {
    CoordinatedShutdown.get(system)
        .addTask(
            CoordinatedShutdown.PhaseBeforeActorSystemTerminate(),
            "close-answers",
            () -> {
              explaining.close();
              letters.close();
              archive.close();
              return CompletableFuture.completedFuture(Done.done());
            });
  }
}
