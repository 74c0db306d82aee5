package io.spendwatch.ops.storage.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.testing.Servers;
import io.spendwatch.ops.testing.TestBed;
import io.spendwatch.ops.testing.TestDatabase;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A login that migrates and does nothing else. */
@ExtendWith(Servers.class)
class MigratingLoginIT {
  private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

  /** As PostgreSQL has it for whoever makes a role: it may grant it, and is no more than that. */
  @Test
  void isMemberOfNoRoleBetweenTwoMigrations(TestBed bed) throws Exception {
    PostgresAddress own =
        databaseOf(
            bed,
            "only_migrates",
            "GRANT spendwatch_owner, spendwatch_oltp, spendwatch_olap, spendwatch_audit, spendwatch_names"
                + " TO only_migrates WITH ADMIN TRUE, INHERIT FALSE, SET FALSE");
    var schema = new Schema(own);
    assertThat(schema.migrate(NOW)).isPositive();
    assertThat(schema.rolesOutOfReach()).isEmpty();

    assertThat(schema.giveBackRoles()).isEmpty();
    assertThat(schema.rolesOutOfReach())
        .containsExactly(
            "spendwatch_owner", "spendwatch_oltp", "spendwatch_olap", "spendwatch_audit");
    assertThat(
            new TestDatabase(own)
                .column(
                    "SELECT rolname FROM pg_roles WHERE rolname ^@ 'spendwatch_' AND pg_has_role(oid, 'USAGE')"))
        .isEmpty();

    // The next one has something to do, has what it needs for that, and gives it back again.
    var superuser =
        new TestDatabase(
            new PostgresAddress(
                own.hosts(),
                own.database(),
                own.parameters(),
                bed.database().user(),
                bed.database().password()));
    superuser.execute("GRANT DELETE ON spendwatch.transactions TO spendwatch_oltp");
    assertThat(schema.migrate(NOW)).isZero();
    assertThat(schema.rolesOutOfReach()).isEmpty();
    assertThat(schema.giveBackRoles()).isEmpty();
    assertThat(
            superuser.column(
                "SELECT has_table_privilege('spendwatch_oltp', 'spendwatch.transactions', 'DELETE')"))
        .containsExactly("f");
  }

  @Test
  void whatSomebodyElseHasGrantedIsNamedAndStays(TestBed bed) throws Exception {
    PostgresAddress own =
        databaseOf(
            bed,
            "migrates_and_more",
            "GRANT spendwatch_owner, spendwatch_oltp, spendwatch_olap, spendwatch_audit TO migrates_and_more"
                + " WITH ADMIN OPTION");
    var schema = new Schema(own);
    assertThat(schema.migrate(NOW)).isPositive();
    assertThat(schema.giveBackRoles())
        .containsExactly(
            "spendwatch_owner", "spendwatch_oltp", "spendwatch_olap", "spendwatch_audit");
    assertThat(schema.rolesOutOfReach()).isEmpty();
  }

  private static PostgresAddress databaseOf(TestBed bed, String user, String grant) {
    var server = new TestDatabase(bed.database());
    server.execute("CREATE ROLE " + user + " LOGIN PASSWORD 'x'", grant);
    server.createDatabase(user + " OWNER " + user);
    return new PostgresAddress(
        bed.database().hosts(), user, bed.database().parameters(), user, "x");
  }
}
