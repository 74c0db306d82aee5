package io.spendwatch.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class AlertIdsTest {

  @Test
  void staysTheSameForever() {
    String episodeId = AlertIds.episodeId("42", "tx-1", "tx-1");

    assertThat(episodeId).isEqualTo("c8411b94-0b5b-88c8-87d0-b8c57191c257");
    assertThat(AlertIds.alertId(episodeId, AlertType.RAISED))
        .isEqualTo("875dd783-cac0-8dfc-ae39-90d1d1fd23e6");
  }

  @Property
  void isAUuidOfVersion8(@ForAll String userId, @ForAll String openedBy, @ForAll String foundBy) {
    UUID id = UUID.fromString(AlertIds.episodeId(userId, openedBy, foundBy));

    assertThat(id.version()).isEqualTo(8);
    assertThat(id.variant()).isEqualTo(2);
  }

  @Test
  void differsInEachPart() {
    assertThat(AlertIds.episodeId("42", "tx-1", "tx-2"))
        .isNotEqualTo(AlertIds.episodeId("43", "tx-1", "tx-2"))
        .isNotEqualTo(AlertIds.episodeId("42", "tx-2", "tx-2"))
        .isNotEqualTo(AlertIds.episodeId("42", "tx-1", "tx-1"))
        .isNotEqualTo(AlertIds.episodeId("42", AlertIds.balanceChange(1), "tx-2"));
    assertThat(AlertIds.alertId("e", AlertType.RAISED))
        .isNotEqualTo(AlertIds.alertId("e", AlertType.CLEARED));
  }

  @Test
  void keepsThePartsApart() {
    assertThat(AlertIds.episodeId("a", "bc", "d")).isNotEqualTo(AlertIds.episodeId("ab", "c", "d"));
    assertThat(AlertIds.episodeId("", "a", "")).isNotEqualTo(AlertIds.episodeId("a", "", ""));
  }
}
