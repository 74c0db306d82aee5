package io.spendwatch.ops.events;

import static io.spendwatch.ops.events.Sample.alert;
import static io.spendwatch.ops.events.Sample.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.alerts.AlertPosition;
import io.spendwatch.ops.alerts.AlertTail;
import io.spendwatch.ops.events.log.CatchUp;
import io.spendwatch.ops.events.log.EventLog;
import io.spendwatch.ops.events.log.EventType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
  private static final int KEPT = 16;
  private static final Pattern ALERT = Pattern.compile("id: (.*)\ndata: (\\d+/\\d+)\n");

  private final EventLog log = new EventLog(KEPT);
  private final AtomicLong lost = new AtomicLong();

  private Cursor cursor(Optional<AlertPosition> after, EventType... types) {
    return new Cursor(
        new Subscription(Set.of(types), Optional.empty(), after), log, lost::addAndGet);
  }

  private static String take(Cursor cursor) {
    StringBuilder all = new StringBuilder();
    for (String taken = cursor.take().utf8String();
        !taken.isEmpty();
        taken = cursor.take().utf8String()) {
      all.append(taken);
    }
    return all.toString();
  }

  private static List<String> alerts(String text) {
    return ALERT.matcher(text).results().map(result -> result.group(2)).toList();
  }

  private static String lastId(String text) {
    return Pattern.compile("id: (.*)\n")
        .matcher(text)
        .results()
        .reduce((_, last) -> last)
        .orElseThrow()
        .group(1);
  }

  @Test
  void aNewClientGetsItsPlaceAndWhatComesFromThenOn() {
    log.follow(at(3, 5), at(4, 5));
    log.alert(alert(0, 3));
    Cursor cursor = cursor(Optional.empty(), EventType.ALERT);
    assertThat(take(cursor)).isEqualTo("id: topic-id.4.5\n\n");
    log.alert(alert(1, 5));
    assertThat(take(cursor)).isEqualTo("event: alert\nid: topic-id.4.6\ndata: 1/5\n\n");
    assertThat(cursor.missing()).isEmpty();
  }

  @Test
  void whoCameBeforeTheTopicIsFollowedGetsWhatComesAfterItsEndThen() {
    Cursor cursor = cursor(Optional.empty(), EventType.ALERT);
    assertThat(take(cursor)).isEmpty();
    log.follow(at(0, 0), at(2, 0));
    log.alert(alert(0, 0));
    log.alert(alert(0, 1));
    log.alert(alert(0, 2));
    assertThat(alerts(take(cursor))).containsExactly("0/2");
  }

  @Test
  void whoComesAgainGetsFromTheLogWhatItHasNotHad() {
    log.follow(at(0, 0), at(0, 0));
    for (int i = 0; i < 4; i++) {
      log.alert(alert(0, i));
      log.alert(alert(1, i));
    }
    String text = take(cursor(Optional.of(at(3, 1)), EventType.ALERT));
    assertThat(alerts(text)).containsExactly("1/1", "1/2", "0/3", "1/3");
    assertThat(text)
        .contains("id: topic-id.3.2\ndata: 1/1", "id: topic-id.4.3\ndata: 0/3")
        .contains("id: topic-id.4.4\ndata: 1/3");
  }

  @Test
  void whoIsAheadOfThisNodeGetsNothingTwice() {
    log.follow(at(0, 0), at(0, 0));
    Cursor cursor = cursor(Optional.of(at(2, 0)), EventType.ALERT);
    assertThat(alerts(take(cursor))).isEmpty();
    log.alert(alert(0, 0));
    log.alert(alert(1, 0));
    String text = take(cursor);
    assertThat(alerts(text)).containsExactly("1/0");
    assertThat(lastId(text)).isEqualTo("topic-id.2.1");
    log.alert(alert(0, 1));
    log.alert(alert(0, 2));
    text = take(cursor);
    assertThat(alerts(text)).containsExactly("0/2");
    assertThat(lastId(text)).isEqualTo("topic-id.3.1");
  }

  @Test
  void whoIsBehindTheLogCatchesUpFromElsewhereAndGoesOnInIt() {
    log.follow(at(5, 0), at(5, 0));
    log.alert(alert(0, 5));
    Cursor cursor = cursor(Optional.of(at(2, 0)), EventType.ALERT);
    take(cursor);
    assertThat(cursor.missing()).contains(at(2, 0));
    // 3 was a marker of Kafka's.
    cursor.caughtUp(new CatchUp.Chunk(List.of(alert(0, 2), alert(0, 4)), at(5, 0), 0));
    String text = take(cursor);
    assertThat(alerts(text)).containsExactly("0/2", "0/4", "0/5");
    assertThat(cursor.missing()).isEmpty();
    assertThat(lost).hasValue(0);
  }

  @Test
  void whatTheTopicDoesNotKeepIsSaid() {
    log.follow(at(5, 0), at(5, 0));
    Cursor cursor = cursor(Optional.of(at(0, 0)), EventType.ALERT);
    take(cursor);
    cursor.caughtUp(new CatchUp.Chunk(List.of(alert(0, 4)), at(5, 0), 4));
    assertThat(take(cursor))
        .startsWith(
            "event: gap\ndata: {\"reason\":\"EXPIRED\",\"lost\":4,\"after\":\"topic-id.0.0\"}\n\n")
        .contains("data: 0/4");
  }

  @Test
  void whoseTopicIsGoneIsToldAndGetsAllOfTheNewOne() {
    log.follow(at(0, 0), at(1, 0));
    log.alert(alert(0, 0));
    String text = take(cursor(Optional.of(AlertPosition.of("another", 9, 9)), EventType.ALERT));
    assertThat(text)
        .startsWith("event: gap\ndata: {\"reason\":\"OTHER_TOPIC\",\"after\":\"another.9.9\"}");
    assertThat(alerts(text)).containsExactly("0/0");
  }

  @Test
  void whoIsOvertakenIsToldHowMuchIsLostAndAfterWhichId() {
    log.follow(at(0, 0), at(0, 0));
    Cursor slow = cursor(Optional.empty(), EventType.ALERT, EventType.AUDIT);
    Cursor quick = cursor(Optional.empty(), EventType.ALERT);
    log.alert(alert(0, 0));
    assertThat(alerts(take(slow))).containsExactly("0/0");
    take(quick);
    log.event(EventType.AUDIT, "{}");
    log.event(EventType.CLUSTER, "{}");
    for (int i = 0; i < KEPT + 3; i++) {
      log.alert(alert(1, i));
      assertThat(alerts(take(quick))).containsExactly("1/" + i);
    }
    String text = take(slow);
    // Three alerts and the audit; of the cluster it wanted to hear nothing.
    assertThat(text)
        .startsWith(
            "event: gap\ndata: {\"reason\":\"SLOW\",\"lost\":4,\"after\":\"topic-id.1.0\"}\n\n");
    assertThat(alerts(text)).hasSize(KEPT).startsWith("1/3").endsWith("1/" + (KEPT + 2));
    assertThat(lastId(text)).isEqualTo("topic-id.1." + (KEPT + 3));
    assertThat(lost).hasValue(4);
  }

  @Test
  void figuresAreTheNewestHoweverSlowTheClientIs() {
    Cursor cursor = cursor(Optional.empty(), EventType.STATS);
    for (int i = 1; i <= 3; i++) {
      log.event(EventType.STATS, "{\"n\":" + i + "}");
    }
    assertThat(take(cursor)).isEqualTo("event: stats\ndata: {\"n\":3}\n\n");
    assertThat(take(cursor)).isEmpty();
  }

  @Test
  void auditsBeforeItCameAreNotAClients() {
    log.event(EventType.AUDIT, "{\"run\":1}");
    log.follow(at(0, 0), at(0, 0));
    Cursor cursor = cursor(Optional.empty(), EventType.ALERT, EventType.AUDIT);
    log.event(EventType.AUDIT, "{\"run\":2}");
    log.event(EventType.CLUSTER, "{}");
    assertThat(take(cursor)).isEqualTo("id: topic-id.0.0\n\nevent: audit\ndata: {\"run\":2}\n\n");
  }

  @Test
  void aUsersClientGetsThatUsersAlertsAndHearsWhereItIs() {
    log.follow(at(0, 0), at(0, 0));
    var cursor =
        new Cursor(
            new Subscription(Set.of(EventType.ALERT), Optional.of("v"), Optional.empty()),
            log,
            lost::addAndGet);
    take(cursor);
    log.alert(alert(0, 0, "u"));
    log.alert(alert(0, 1, "v"));
    log.alert(alert(1, 0, "u"));
    assertThat(take(cursor)).isEqualTo("event: alert\nid: topic-id.2.0\ndata: 0/1\n\n");
    // Else it would be given the others' alerts to pass over when it comes again.
    assertThat(cursor.beat().utf8String()).isEqualTo(": \n\nid: topic-id.2.1\n\n");
    assertThat(cursor.beat().utf8String()).isEqualTo(": \n\n");
  }

  @Test
  void dataOfSeveralLinesMakesNoFieldsOfItsOwn() {
    log.follow(at(0, 0), at(0, 0));
    AlertTail.Received one = alert(0, 0);
    Cursor cursor = cursor(Optional.empty(), EventType.ALERT);
    take(cursor);
    log.alert(new AlertTail.Received(one.alert(), "{\r\"a\":\r\n1\nid: x}", 0, 0));
    assertThat(take(cursor))
        .isEqualTo(
            "event: alert\nid: topic-id.1.0\ndata: {\ndata: \"a\":\ndata: 1\ndata: id: x}\n\n");
  }

  /** Clients go from node to node, each of which has read the partitions in an order of its own. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void whereverAClientGoesItGetsEachAlertOnce(long seed) {
    var random = new Random(seed);
    List<String> had = new ArrayList<>();
    Optional<AlertPosition> place = Optional.of(at(0, 0));
    long[] published = {0, 0};
    for (int life = 0; life < 40; life++) {
      published[random.nextInt(2)] += random.nextInt(12);
      // Behind or at the others, and with some of what is before.
      EventLog node = new EventLog(KEPT);
      long[] read = {random.nextLong(published[0] + 1), random.nextLong(published[1] + 1)};
      node.follow(at(read[0], read[1]), at(read[0], read[1]));
      var cursor =
          new Cursor(
              new Subscription(Set.of(EventType.ALERT), Optional.empty(), place), node, _ -> {});
      StringBuilder text = new StringBuilder();
      for (int step = 0; step < 30; step++) {
        int partition = random.nextInt(2);
        if (read[partition] < published[partition]) {
          node.alert(alert(partition, read[partition]++));
        }
        text.append(cursor.take().utf8String());
        cursor.missing().ifPresent(from -> cursor.caughtUp(chunk(from, published, random)));
      }
      had.addAll(alerts(text.toString()));
      place = Optional.of(AlertPosition.parse(lastId(text.toString())));
    }
    AlertPosition reached = place.orElseThrow();
    assertThat(had).as("seed %d", seed).doesNotHaveDuplicates();
    List<String> all = new ArrayList<>();
    for (int partition = 0; partition < 2; partition++) {
      for (long offset = 0; offset < reached.next(partition); offset++) {
        all.add(partition + "/" + offset);
      }
    }
    assertThat(had).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(all);
    assertThat(all).isNotEmpty();
  }

  private static CatchUp.Chunk chunk(AlertPosition from, long[] published, Random random) {
    List<AlertTail.Received> alerts = new ArrayList<>();
    AlertPosition next = from;
    for (int i = 0; i < 3; i++) {
      int partition = random.nextInt(2);
      if (next.next(partition) < published[partition]) {
        alerts.add(alert(partition, next.next(partition)));
        next = next.after(partition, next.next(partition));
      }
    }
    return new CatchUp.Chunk(alerts, next, 0);
  }
}
