package io.spendwatch.ops.rewind;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.storage.session.Session;
import io.spendwatch.protocol.Alert;
import io.spendwatch.streams.base.Retry;
import io.spendwatch.streams.database.Database;
import io.spendwatch.streams.database.SqlText;
import io.spendwatch.streams.kafka.KafkaConfig;
import io.spendwatch.streams.kafka.OffsetNote;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;

/**
 * Has nodes read again what a database that was put back to an older point does not know. Nodes
 * notice that, and wait; what they have noticed stands in the tables. Here somebody looks at it and
 * asks for it.
 *
 * <p>What is assessed again gives the same alerts. Subscribers have had them, so they are looked up
 * in the alert topic first, and nodes do not publish them a second time.
 *
 * <p>For one thread, which blocks. Throws {@link OperatorException} where a server does not answer.
 */
public final class Rewind {
  private static final Duration ANSWER = Duration.ofSeconds(10);
  private static final Duration POLL = Duration.ofMillis(200);

  /** Clocks of nodes and brokers may differ by so much. */
  private static final Duration CLOCKS_DIFFER_MAX = Duration.ofMinutes(10);

  private static final int SEEN_AT_ONCE = 1_000;

  private static final String FIND_NEEDED = SqlText.load(Rewind.class, "find_needed");
  private static final String FIND_BALANCES = SqlText.load(Rewind.class, "find_balances");
  private static final String FIND_SINCE = SqlText.load(Rewind.class, "find_since");
  private static final String NOTE_SEEN = SqlText.load(Rewind.class, "note_seen");
  private static final String ASK = SqlText.load(Rewind.class, "ask");

  private final Database database;
  private final KafkaConfig kafka;

  /**
   * Offsets [from, to) of a partition of the transactions that nodes wait with.
   *
   * @param gone how many of them the log does not have any more: these are lost
   */
  public record Stretch(
      int partition,
      String topicId,
      long from,
      long to,
      long gone,
      String noticedBy,
      Instant noticedAt) {}

  /**
   * What is to be read again.
   *
   * @param stretches by partition; empty for nothing
   * @param balancesToApply offsets of balances that nodes are still reading again
   */
  public record Need(List<Stretch> stretches, long balancesToApply) {}

  /**
   * @param database in the role of the hot path
   */
  public Rewind(Database database, KafkaConfig kafka) {
    this.database = database;
    this.kafka = kafka;
  }

  /** Looks, and changes nothing. */
  public Need need() {
    return Session.pinned(
        database,
        session -> {
          List<Stretch> noticed = new ArrayList<>();
          for (Row row : session.query(FIND_NEEDED, kafka.topics().transactions())) {
            noticed.add(
                new Stretch(
                    row.getInteger(0),
                    row.getString(1),
                    row.getLong(2),
                    row.getLong(3),
                    0,
                    row.getString(4),
                    row.getOffsetDateTime(5).toInstant()));
          }
          return noticed.isEmpty()
              ? new Need(noticed, 0)
              : new Need(asKafkaSays(noticed), balancesToApply(session));
        });
  }

  /** What nodes have noticed of balances, and what they have still to notice. */
  private long balancesToApply(Session session) {
    String topic = kafka.topics().balances();
    TopicDescription there =
        ask(
            admin ->
                admin
                    .describeTopics(List.of(topic))
                    .topicNameValues()
                    .get(topic)
                    .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS));
    Map<TopicPartition, OffsetAndMetadata> committed = ask(this::committed);
    Integer[] partitions =
        there.partitions().stream().map(TopicPartitionInfo::partition).toArray(Integer[]::new);
    long offsets = 0;
    for (Row row : session.query(FIND_BALANCES, topic, there.topicId().toString(), partitions)) {
      OffsetAndMetadata offset = committed.get(new TopicPartition(topic, row.getInteger(0)));
      boolean isOurs =
          offset != null && OffsetNote.publishedAlertSeq(offset.metadata()).isPresent();
      long reached = Math.max(row.getLong(2), isOurs ? offset.offset() : 0);
      offsets += Math.max(0, reached - row.getLong(1));
    }
    return offsets;
  }

  private Map<TopicPartition, OffsetAndMetadata> committed(Admin admin)
      throws ExecutionException, InterruptedException, TimeoutException {
    return admin
        .listConsumerGroupOffsets(kafka.groupId())
        .partitionsToOffsetAndMetadata()
        .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Asks for it. Doing it again does no harm.
   *
   * @param operator who asks
   * @return how many alerts subscribers have had that are not published again
   */
  public int ask(Need need, String operator) {
    if (need.balancesToApply() > 0) {
      throw new OperatorException(
          need.balancesToApply()
              + " offsets of balances are still being read again; transactions are assessed by them, so"
              + " try again when they are (with a node running, that is soon)");
    }
    return Session.pinned(
        database,
        session -> {
          int seen = noteSeen(session, need);
          for (Stretch stretch : need.stretches()) {
            session.query(
                ASK,
                kafka.topics().transactions(),
                stretch.topicId(),
                stretch.partition(),
                stretch.from(),
                stretch.to(),
                operator);
          }
          return seen;
        });
  }

  private int noteSeen(Session session, Need need) {
    Integer[] partitions =
        need.stretches().stream().map(Stretch::partition).toArray(Integer[]::new);
    Instant since =
        session
            .one(FIND_SINCE, (Object) partitions)
            .getOffsetDateTime(0)
            .toInstant()
            .minus(CLOCKS_DIFFER_MAX);
    int seen = 0;
    List<Alert> page = new ArrayList<>();
    for (Alert alert : published(Set.of(partitions), since)) {
      page.add(alert);
      if (page.size() == SEEN_AT_ONCE) {
        seen += noteSeen(session, page);
        page.clear();
      }
    }
    return seen + noteSeen(session, page);
  }

  private static int noteSeen(Session session, List<Alert> page) {
    return session
        .query(
            NOTE_SEEN,
            page.stream().map(alert -> alert.source().partition()).toArray(Integer[]::new),
            page.stream().map(Alert::alertId).toArray(String[]::new))
        .size();
  }

  /** The alerts of these partitions that were published at that instant or later. */
  private List<Alert> published(Set<Integer> partitions, Instant since) {
    List<Alert> alerts = new ArrayList<>();
    String topic = kafka.topics().alerts();
    try (AlertTail tail =
        since.isBefore(Instant.EPOCH)
            ? AlertTail.open(kafka.clientProperties(), topic, true)
            : AlertTail.openSince(kafka.clientProperties(), topic, since)) {
      long[] ends = writtenEnds(tail.places().length);
      long sinceNanos = System.nanoTime();
      long reached = -1;
      while (isBefore(tail.places(), ends)) {
        tail.poll(POLL, _ -> {}).stream()
            .map(AlertTail.Received::alert)
            .filter(alert -> alert.source().topic().equals(kafka.topics().transactions()))
            .filter(alert -> partitions.contains(alert.source().partition()))
            .forEach(alerts::add);
        long now = LongStream.of(tail.places()).sum();
        if (now != reached) {
          reached = now;
          sinceNanos = System.nanoTime();
        } else if (System.nanoTime() - sinceNanos > patience().toNanos()) {
          throw new OperatorException(
              String.format(
                  Locale.ROOT,
                  "Kafka at %s has let nobody read %s on for %d s: it is away, or a transaction stays open there",
                  kafka.bootstrapServers(),
                  topic,
                  patience().toSeconds()));
        }
      }
    }
    return alerts;
  }

  private Duration patience() {
    return kafka.transactionTimeout().plus(ANSWER);
  }

  private static boolean isBefore(long[] places, long[] ends) {
    return IntStream.range(0, ends.length).anyMatch(i -> places[i] < ends[i]);
  }

  /** With what open transactions have written: reading up to here waits for their ends. */
  private long[] writtenEnds(int partitions) {
    List<TopicPartition> alerts =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(kafka.topics().alerts(), partition))
            .toList();
    return ask(
        admin -> {
          var ends =
              admin.listOffsets(
                  all(alerts, OffsetSpec.latest()),
                  new ListOffsetsOptions(IsolationLevel.READ_UNCOMMITTED));
          long[] found = new long[partitions];
          for (TopicPartition partition : alerts) {
            found[partition.partition()] =
                ends.partitionResult(partition)
                    .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                    .offset();
          }
          return found;
        });
  }

  /** Without those that the group does not stand at any more, and with what the log has lost. */
  private List<Stretch> asKafkaSays(List<Stretch> noticed) {
    List<TopicPartition> sources =
        noticed.stream()
            .map(each -> new TopicPartition(kafka.topics().transactions(), each.partition()))
            .toList();
    return ask(
        admin -> {
          Map<TopicPartition, OffsetAndMetadata> committed = committed(admin);
          var begins = admin.listOffsets(all(sources, OffsetSpec.earliest()));
          List<Stretch> needed = new ArrayList<>();
          for (int i = 0; i < sources.size(); i++) {
            OffsetAndMetadata offset = committed.get(sources.get(i));
            Stretch each = noticed.get(i);
            if (offset != null && offset.offset() == each.to()) {
              long begin =
                  begins
                      .partitionResult(sources.get(i))
                      .get(ANSWER.toMillis(), TimeUnit.MILLISECONDS)
                      .offset();
              long gone = Math.clamp(begin, each.from(), each.to()) - each.from();
              needed.add(
                  new Stretch(
                      each.partition(),
                      each.topicId(),
                      each.from(),
                      each.to(),
                      gone,
                      each.noticedBy(),
                      each.noticedAt()));
            }
          }
          return needed;
        });
  }

  private static Map<TopicPartition, OffsetSpec> all(
      List<TopicPartition> partitions, OffsetSpec spec) {
    return partitions.stream().collect(Collectors.toMap(partition -> partition, _ -> spec));
  }

  private interface Question<T> {
    T ask(Admin admin) throws ExecutionException, InterruptedException, TimeoutException;
  }

  private <T> T ask(Question<T> question) {
    Map<String, Object> properties = new HashMap<>(kafka.clientProperties());
    try (Admin admin = Admin.create(properties)) {
      return question.ask(admin);
    } catch (ExecutionException e) {
      throw new OperatorException(
          "Kafka at " + kafka.bootstrapServers() + ": " + Retry.root(e).getMessage(), e);
    } catch (TimeoutException e) {
      throw new OperatorException(
          String.format(
              Locale.ROOT,
              "Kafka at %s does not answer after %d s",
              kafka.bootstrapServers(),
              ANSWER.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OperatorException("interrupted", e);
    }
  }
}
