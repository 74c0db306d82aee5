package io.spendwatch.streams.ledger;

import io.spendwatch.actors.exposure.Rule;
import io.spendwatch.streams.database.EventTimes;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Tables alerts and open_episodes of the {@link SimulatedPostgres}, and what their statements
 * promise.
 */
public final class SimulatedAlerts {
  /** A row of table alerts. */
  public record StoredAlert(
      String alertId,
      String type,
      String episodeId,
      String userId,
      String transactionId,
      long exposureMinor,
      long balanceMinor,
      String currency,
      int transactions,
      long eventTimeMs,
      long detectedAtMs,
      boolean late,
      String revealedBy,
      Long knownVersion,
      String cause,
      String topic,
      int partition,
      long offset,
      long partitionSeq) {}

  private record OpenEpisode(
      String userId, String episodeId, OffsetDateTime raisedAt, int partition) {}

  private final Map<String, StoredAlert> rows = new LinkedHashMap<>();

  private final List<OpenEpisode> openEpisodes = new ArrayList<>();

  private final SimulatedLayout layout;

  SimulatedAlerts(SimulatedLayout layout) {
    this.layout = layout;
  }

  /** In the order of their partitions' sequences. */
  List<StoredAlert> all() {
    return rows.values().stream()
        .sorted(
            Comparator.comparingInt(StoredAlert::partition)
                .thenComparingLong(StoredAlert::partitionSeq))
        .toList();
  }

  /**
   * The part of a write that is about alerts.
   *
   * @param granted partitions that may write
   * @return how many rows are there now, of each partition that has any
   */
  Map<Integer, Long> write(Tuple in, Set<Integer> granted) {
    Map<Integer, Long> counts = new HashMap<>();
    String[] alertIds = in.getArrayOfStrings(25);
    List<StoredAlert> announced = new ArrayList<>();
    for (int i = 0; i < alertIds.length; i++) {
      int partition = in.getArrayOfIntegers(46)[i];
      if (!granted.contains(partition)) {
        continue;
      }
      StoredAlert row =
          new StoredAlert(
              alertIds[i],
              in.getArrayOfStrings(26)[i],
              in.getArrayOfStrings(28)[i],
              in.getArrayOfStrings(29)[i],
              in.getArrayOfStrings(30)[i],
              in.getArrayOfLongs(31)[i],
              in.getArrayOfLongs(32)[i],
              in.getArrayOfStrings(33)[i],
              in.getArrayOfIntegers(34)[i],
              EventTimes.toMs(in.getArrayOfOffsetDateTimes(36)[i]),
              EventTimes.toMs(in.getArrayOfOffsetDateTimes(37)[i]),
              in.getArrayOfBooleans(38)[i],
              in.getArrayOfStrings(44)[i],
              in.getArrayOfLongs(45)[i],
              in.getArrayOfStrings(39)[i],
              in.getArrayOfStrings(40)[i],
              partition,
              in.getArrayOfLongs(41)[i],
              in.getArrayOfLongs(42)[i]);
      boolean placeTaken =
          rows.values().stream()
              .anyMatch(
                  other ->
                      other.partition == row.partition && other.partitionSeq == row.partitionSeq);
      StoredAlert before = rows.get(row.alertId);
      boolean isThere =
          before != null
              && before.partition == row.partition
              && before.partitionSeq == row.partitionSeq;
      if (isThere) {
        counts.merge(partition, 1L, Long::sum);
      } else if (!placeTaken && rows.putIfAbsent(row.alertId, row) == null) {
        counts.merge(partition, 1L, Long::sum);
        announced.add(row);
      }
    }
    noteEpisodes(announced);
    return counts;
  }

  private void noteEpisodes(List<StoredAlert> announced) {
    List<OpenEpisode> before = List.copyOf(openEpisodes);
    for (StoredAlert alert : announced) {
      boolean isThere = before.stream().anyMatch(episode -> isOf(episode, alert));
      boolean isCleared =
          announced.stream()
              .anyMatch(
                  other ->
                      other.type.equals("CLEARED")
                          && other.userId.equals(alert.userId)
                          && other.episodeId.equals(alert.episodeId));
      if (alert.type.equals("CLEARED")) {
        openEpisodes.removeIf(episode -> before.contains(episode) && isOf(episode, alert));
      } else if (!isThere && !isCleared) {
        openEpisodes.add(
            new OpenEpisode(
                alert.userId,
                alert.episodeId,
                EventTimes.toDatabase(alert.eventTimeMs),
                alert.partition));
      }
    }
  }

  private static boolean isOf(OpenEpisode episode, StoredAlert alert) {
    return episode.userId.equals(alert.userId) && episode.episodeId.equals(alert.episodeId);
  }

  RowSet<Row> unpublishedAlerts(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    all().stream()
        .filter(alert -> alert.partition == in.getInteger(0))
        .filter(alert -> alert.partitionSeq > in.getLong(1))
        .limit(in.getInteger(2))
        .forEach(
            alert ->
                found.add(
                    alert.partitionSeq,
                    alert.alertId,
                    alert.type,
                    alert.episodeId,
                    alert.userId,
                    alert.transactionId,
                    alert.exposureMinor,
                    alert.balanceMinor,
                    alert.currency,
                    alert.transactions,
                    EventTimes.toDatabase(alert.eventTimeMs),
                    EventTimes.toDatabase(alert.detectedAtMs),
                    alert.late,
                    alert.cause,
                    alert.topic,
                    alert.partition,
                    alert.offset,
                    alert.revealedBy,
                    Rule.EXPOSURE_24H.id(),
                    Rule.EXPOSURE_24H.version(),
                    EventTimes.toDatabase(alert.eventTimeMs - Rule.EXPOSURE_24H.windowMs())));
    return found;
  }

  RowSet<Row> openEpisodes(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    openEpisodes.stream()
        .filter(episode -> layout.isOrigin(episode.partition, in.getInteger(0)))
        .filter(episode -> episode.userId.compareTo(in.getString(1)) > 0)
        .sorted(Comparator.comparing(episode -> episode.userId))
        .limit(in.getInteger(2))
        .forEach(episode -> found.add(episode.userId, episode.episodeId, episode.raisedAt));
    return found;
  }

  /** An episode as its alerts say. */
  private static final class Episode {
    final String episodeId;
    OffsetDateTime raisedAt;
    OffsetDateTime clearedAt;
    long knownVersion;

    Episode(StoredAlert alert) {
      this.episodeId = alert.episodeId;
    }
  }

  private List<Episode> episodesOf(Predicate<StoredAlert> which) {
    Map<String, Episode> episodes = new LinkedHashMap<>();
    for (StoredAlert alert : rows.values()) {
      if (which.test(alert)) {
        Episode episode =
            episodes.computeIfAbsent(alert.userId + "/" + alert.episodeId, _ -> new Episode(alert));
        episode.knownVersion =
            Math.max(episode.knownVersion, alert.knownVersion == null ? 0 : alert.knownVersion);
        if (alert.type.equals("RAISED")) {
          episode.raisedAt = EventTimes.toDatabase(alert.eventTimeMs);
        } else {
          episode.clearedAt = EventTimes.toDatabase(alert.eventTimeMs);
        }
      }
    }
    return new ArrayList<>(episodes.values());
  }

  RowSet<Row> episodes(Tuple in) {
    SimulatedRows found = new SimulatedRows();
    String[] userIds = in.getArrayOfStrings(0);
    List<String> ordered = new ArrayList<>(List.of(userIds));
    ordered.sort(Comparator.naturalOrder());
    for (String userId : ordered) {
      OffsetDateTime from =
          in.getArrayOfOffsetDateTimes(1)[List.of(userIds).indexOf(userId)].minusHours(48);
      Set<String> recent = new HashSet<>();
      openEpisodes.stream()
          .filter(episode -> episode.userId.equals(userId))
          .forEach(episode -> recent.add(episode.episodeId));
      rows.values().stream()
          .filter(alert -> alert.userId.equals(userId) && alert.type.equals("CLEARED"))
          .filter(alert -> EventTimes.toDatabase(alert.eventTimeMs).isAfter(from))
          .forEach(alert -> recent.add(alert.episodeId));
      episodesOf(alert -> alert.userId.equals(userId) && recent.contains(alert.episodeId)).stream()
          .filter(episode -> episode.clearedAt == null || episode.clearedAt.isAfter(from))
          .sorted(Comparator.comparing(episode -> episode.raisedAt))
          .forEach(
              episode ->
                  found.add(
                      userId,
                      episode.episodeId,
                      episode.raisedAt,
                      episode.clearedAt,
                      episode.knownVersion));
    }
    return found;
  }
}
