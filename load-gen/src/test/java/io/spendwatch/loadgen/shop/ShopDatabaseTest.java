package io.spendwatch.loadgen.shop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.spendwatch.loadgen.shop.ShopDatabase.Dialect;
import io.spendwatch.protocol.Secrets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShopDatabaseTest {
  @ParameterizedTest
  @CsvSource({
    "mysql://shop@db:3306/shop, MARIADB, jdbc:mariadb://db:3306/shop, shop, of the setting",
    "mariadb://db/shop, MARIADB, jdbc:mariadb://db/shop, other, of the setting",
    "postgresql://shop:p%40ss+w@db/shop?sslmode=require, POSTGRES,"
        + " jdbc:postgresql://db/shop?sslmode=require, shop, p@ss+w",
    "postgres://[::1]:5432/shop, POSTGRES, jdbc:postgresql://[::1]:5432/shop, other, of the setting"
  })
  void readsUris(String uri, Dialect dialect, String jdbcUrl, String user, String password) {
    assertThat(ShopDatabase.parse(uri, "other", "of the setting"))
        .isEqualTo(new ShopDatabase(dialect, jdbcUrl, user, password));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "db:3306/shop",
        "oracle://hidden@db/shop",
        "mysql://hidden@db",
        "mysql://hidden@db/",
        "mysql:///hidden",
        "mysql://hi dden@db/shop",
        "mysql://db/hidden"
      })
  void refusesOthersWithoutRepeatingThem(String uri) {
    assertThatThrownBy(() -> ShopDatabase.parse(uri, "", "hidden"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasNoCause()
        .hasMessageMatching("(?s).{10,}")
        .message()
        .doesNotContain("hidden", "hi dden");
  }

  @Test
  void showsNoPassword() {
    ShopDatabase database =
        ShopDatabase.parse("mysql://shop:dorothea@db/shop?password=dorothea", "", "");

    assertThat(database).hasToString("business database at mariadb://db/shop");
    assertThat(Secrets.masked("refused: dorothea")).isEqualTo("refused: ***");
  }
}
