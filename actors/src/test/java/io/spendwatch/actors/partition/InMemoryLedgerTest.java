package io.spendwatch.actors.partition;

import io.spendwatch.actors.exposure.Announcement;
import io.spendwatch.actors.exposure.Assessment;
import io.spendwatch.actors.exposure.Received;
import io.spendwatch.actors.partition.PartitionCommand.Assessed;
import io.spendwatch.actors.ports.AccountBalance;
import io.spendwatch.actors.ports.Accounts;
import io.spendwatch.actors.ports.History;
import io.spendwatch.actors.ports.PortsContract;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

class InMemoryLedgerTest extends PortsContract {
  @Override
  protected Store emptyStore() {
    InMemoryLedger ledger = new InMemoryLedger();
    Map<String, Long> versions = new HashMap<>();
    return new Store() {
      @Override
      public Accounts accounts() {
        return ledger;
      }

      @Override
      public History history() {
        return ledger;
      }

      @Override
      public void putAccount(String userId, long balanceMinor, String currency, long asOfMs) {
        long version = versions.merge(userId, 1L, Long::sum);
        ledger.version(userId, new AccountBalance(balanceMinor, currency, version, asOfMs));
      }

      @Override
      public void write(
          List<Received> transactions,
          List<Assessment> assessments,
          List<Announcement> alerts,
          long streamTimeMs) {
        ledger.write(
            transactions, new Assessed(1, assessments, alerts, streamTimeMs, Long.MIN_VALUE, 0, 0));
      }
    };
  }
}
