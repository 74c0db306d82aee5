package io.spendwatch.ops.storage.schema;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PostgresAddressTest {
  @Test
  void readsAllPartsOfAUri() {
    assertThat(
            PostgresAddress.parse(
                "postgresql://an%40na:p%3Aw+d@db1:5433/ledger?sslmode=require", "", ""))
        .isEqualTo(new PostgresAddress("db1:5433", "ledger", "sslmode=require", "an@na", "p:w+d"));
  }

  @Test
  void separateUserAndPasswordAreForAUriWithoutThem() {
    assertThat(PostgresAddress.parse("postgres://db/x", "c", "d"))
        .isEqualTo(new PostgresAddress("db:5432", "x", "", "c", "d"));
    assertThat(PostgresAddress.parse("postgres://a:b@db/x", "c", "d"))
        .isEqualTo(new PostgresAddress("db:5432", "x", "", "a", "b"));
  }

  @Test
  void fillsInWhatPsqlWould() {
    assertThat(PostgresAddress.parse("postgresql://anna@", "", ""))
        .isEqualTo(new PostgresAddress("127.0.0.1:5432", "anna", "", "anna", ""));
  }

  @Test
  void showsNeitherUserNorPassword() {
    String secret = "postgresql://anna:secret@db:1/x";
    assertThat(PostgresAddress.parse(secret, "", "")).hasToString("PostgreSQL at db:1/x");
    assertThatThrownBy(() -> PostgresAddress.parse("mysql://anna:secret@db/x", "", ""))
        .hasMessageContaining("expected: postgresql://")
        .hasMessageNotContaining("secret");
  }

  @Test
  void wantsAUser() {
    assertThatThrownBy(() -> PostgresAddress.parse("postgresql://db/x", "", ""))
        .hasMessageContaining("SPENDWATCH_PG_USER");
  }
}
