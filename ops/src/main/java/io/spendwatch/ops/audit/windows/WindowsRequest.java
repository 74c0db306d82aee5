package io.spendwatch.ops.audit.windows;

import io.spendwatch.actors.partition.PartitionQuery.GetWindows;
import java.util.List;
import java.util.Locale;

/**
 * What is posted to {@code /api/v1/partitions/{p}/windows} and, with {@code users} alone, to {@code
 * …/reread}.
 *
 * @param after user id after which the page begins; null for the first one
 * @param limit users of the page; null for as many as there may be
 * @param users if not empty, those of them who are awake
 */
public record WindowsRequest(String after, Integer limit, List<String> users) {

  /**
   * Checked.
   *
   * @throws IllegalArgumentException saying what is wrong
   */
  public WindowsRequest {
    users = users == null ? List.of() : List.copyOf(users);
    limit = limit == null ? GetWindows.LIMIT_MAX : limit;
    checkCount("limit", limit, 1);
    checkCount("number of users", users.size(), 0);
  }

  private static void checkCount(String name, int count, int countMin) {
    if (count < countMin || count > GetWindows.LIMIT_MAX) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "%s: %d (expected: %d to %d)",
              name,
              count,
              countMin,
              GetWindows.LIMIT_MAX));
    }
  }
}
