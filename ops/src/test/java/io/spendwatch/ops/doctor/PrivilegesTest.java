package io.spendwatch.ops.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.spendwatch.ops.doctor.Privileges.Privilege;
import org.junit.jupiter.api.Test;

class PrivilegesTest {
  @Test
  void readsWhatTheScriptGrants() {
    assertThat(
            Privileges.parse(
                """
                REVOKE ALL ON spendwatch.a FROM r;
                GRANT USAGE ON SCHEMA spendwatch TO r; -- GRANT SELECT ON spendwatch.none TO r;
                GRANT SELECT, INSERT ON spendwatch.a,
                  spendwatch.b
                  TO r;
                GRANT SELECT (id, name) ON spendwatch.c TO r;
                GRANT EXECUTE ON FUNCTION spendwatch.f(integer[], text) TO r;
                EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO r', current_database());
                """))
        .containsExactly(
            new Privilege("r", "schema", "spendwatch", "USAGE"),
            new Privilege("r", "table", "spendwatch.a", "SELECT"),
            new Privilege("r", "table", "spendwatch.a", "INSERT"),
            new Privilege("r", "table", "spendwatch.b", "SELECT"),
            new Privilege("r", "table", "spendwatch.b", "INSERT"),
            new Privilege("r", "column", "spendwatch.c(id)", "SELECT"),
            new Privilege("r", "column", "spendwatch.c(name)", "SELECT"),
            new Privilege("r", "function", "spendwatch.f(integer[], text)", "EXECUTE"));
  }

  @Test
  void theRealScriptIsUnderstood() {
    assertThat(Privileges.needed())
        .contains(
            new Privilege("spendwatch_oltp", "table", "spendwatch.transactions", "INSERT"),
            new Privilege("spendwatch_olap", "table", "spendwatch.alerts", "SELECT"),
            new Privilege("spendwatch_audit", "table", "spendwatch.alerts", "SELECT"),
            new Privilege("spendwatch_olap", "column", "spendwatch.accounts(as_of)", "SELECT"),
            new Privilege("spendwatch_audit", "table", "spendwatch.reconciliation_runs", "INSERT"))
        .noneMatch(
            privilege ->
                privilege.role().equals("spendwatch_olap")
                    && (privilege.object().equals("spendwatch.accounts")
                        || privilege.object().contains("name)")))
        .hasSizeGreaterThan(60);
  }
}
