package io.spendwatch.ops.lab.sandbox.database;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.shop.ShopDatabase;
import io.spendwatch.loadgen.shop.ShopTables;
import java.time.InstantSource;

/** The sample shop's tables, in a business database of ours. Stateless. */
public final class SampleShop {
  private SampleShop() {}

  /** How its application reaches the database. */
  public static ShopDatabase database(BusinessServer server) {
    return ShopDatabase.parse(server.uri(), server.user(), server.password());
  }

  /**
   * Makes the tables and customers that are missing. Blocks.
   *
   * @param users how many customers there are then, at least
   * @throws OperatorException if the database refuses
   */
  public static void fill(BusinessServer server, int users) {
    ShopDatabase database = database(server);
    ShopTables.create(database);
    ShopTables.addUsers(database, users, InstantSource.system().instant());
  }
}
