package io.spendwatch.ops.records;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.function.Function;

/**
 * A part of a list, the newest first.
 *
 * @param items those of this page; there may be none although more follow, where a search has
 *     looked at as much as one request may
 * @param next the cursor of the page after this one; null for the last page
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record Page<T>(List<T> items, String next) {
  /** How many items a page has where nobody says how many. */
  public static final int LIMIT_DEFAULT = 100;

  /** How many a page has at most. */
  public static final int LIMIT_MAX = 500;

  public Page {
    items = List.copyOf(items);
  }

  /**
   * The page that these rows make.
   *
   * @param found in order, one more than the limit where more follow
   * @param cursor of the page after this item
   */
  public static <T> Page<T> of(List<T> found, int limit, Function<T, String> cursor) {
    return found.size() <= limit
        ? new Page<>(found, null)
        : new Page<>(found.subList(0, limit), cursor.apply(found.get(limit - 1)));
  }

  /** The same page of what each item is shown as. */
  public <R> Page<R> map(Function<T, R> shown) {
    return new Page<>(items.stream().map(shown).toList(), next);
  }
}
