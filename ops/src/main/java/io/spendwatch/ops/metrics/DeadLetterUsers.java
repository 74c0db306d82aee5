package io.spendwatch.ops.metrics;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whose records are put aside most, in bounded memory however many users there are: of so many
 * places, the user with the fewest letters gives theirs up to one who has none, with the letters
 * that it has ("space saving", Metwally 2005). So a user's true number lies between {@code atLeast}
 * and what their place says, and whoever has more than all letters / places is among them.
 * Thread-safe.
 */
public final class DeadLetterUsers {
  /** At most 300 KB with the longest ids. */
  private static final int PLACES = 512;

  private final Map<Source, Place> places = new HashMap<>();

  DeadLetterUsers() {}

  /**
   * A user's letters.
   *
   * @param topic that the records came from
   * @param atLeast so many for certain
   */
  public record Letters(String topic, String userId, long atLeast) {}

  private record Source(String topic, String userId) {}

  private record Place(long letters, long inherited) {
    Place plus(long more) {
      return new Place(letters + more, inherited);
    }

    long atLeast() {
      return letters - inherited;
    }
  }

  /** Those of whom there are certainly more than this, most first; counting begins anew. */
  public synchronized List<Letters> takeAbove(long normalMax) {
    List<Letters> above = new ArrayList<>();
    places.forEach(
        (source, place) -> {
          if (place.atLeast() > normalMax) {
            above.add(new Letters(source.topic(), source.userId(), place.atLeast()));
          }
        });
    above.sort(
        Comparator.comparingLong(Letters::atLeast).reversed().thenComparing(Letters::userId));
    places.clear();
    return above;
  }

  synchronized void add(String topic, Map<String, Integer> lettersByUser) {
    lettersByUser.forEach((user, letters) -> add(new Source(topic, user), letters));
  }

  private void add(Source source, long letters) {
    Place place = places.get(source);
    if (place == null && places.size() >= PLACES) {
      Map.Entry<Source, Place> fewest =
          places.entrySet().stream()
              .min(Comparator.comparingLong(each -> each.getValue().letters()))
              .orElseThrow();
      places.remove(fewest.getKey());
      place = new Place(fewest.getValue().letters(), fewest.getValue().letters());
    }
    places.put(source, (place == null ? new Place(0, 0) : place).plus(letters));
  }
}
