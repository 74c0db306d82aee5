package io.spendwatch.streams.base;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/** What somebody may have meant. Stateless. */
public final class Spelling {
  private Spelling() {}

  /**
   * The known word that is nearest to this one; empty where none is near: more than a third of it
   * would have to be changed.
   */
  public static Optional<String> nearest(String word, Collection<String> known) {
    int farthest = Math.max(1, word.length() / 3);
    return known.stream()
        .filter(each -> distance(word, each) <= farthest)
        .min(
            Comparator.comparingInt((String each) -> distance(word, each))
                .thenComparing(Comparator.naturalOrder()));
  }

  /** How many letters have to be added, taken away or changed (Levenshtein). */
  static int distance(String one, String other) {
    int[] row = new int[other.length() + 1];
    for (int i = 0; i <= other.length(); i++) {
      row[i] = i;
    }
    for (int i = 1; i <= one.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= other.length(); j++) {
        int changed = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[other.length()];
  }
}
