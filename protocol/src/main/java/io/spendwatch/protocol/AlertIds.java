package io.spendwatch.protocol;

import java.util.UUID;

/** Stand-in until the codecs are merged. */
public final class AlertIds {
  private AlertIds() {}

  public static String episodeId(String userId, String openedBy, String foundBy) {
    return UUID.nameUUIDFromBytes(
            (userId + "/" + openedBy + "/" + foundBy)
                .getBytes(java.nio.charset.StandardCharsets.UTF_8))
        .toString();
  }

  public static String alertId(String episodeId, AlertType type) {
    return UUID.nameUUIDFromBytes(
            (episodeId + "/" + type).getBytes(java.nio.charset.StandardCharsets.UTF_8))
        .toString();
  }
}
