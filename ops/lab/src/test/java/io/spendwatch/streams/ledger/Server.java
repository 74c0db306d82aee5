package io.spendwatch.streams.ledger;

import io.spendwatch.streams.database.Statements;
import io.spendwatch.streams.ledger.SimulatedAccounts.Account;
import io.spendwatch.streams.ledger.SimulatedAccounts.Version;
import io.spendwatch.streams.ledger.SimulatedAlerts.StoredAlert;
import io.spendwatch.streams.ledger.SimulatedTransactions.StoredTransaction;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** A PostgreSQL, real or simulated, as those see it that work on it. */
interface Server extends Statements {

  /** Writes an account directly: a new one without a username, or balance and instant of one. */
  void putAccount(String userId, String currency, long balanceMinor, long asOfMs);

  /** Deletes an account directly; it went at this instant, if it has gone now. */
  void removeAccount(String userId, long closedAtMs);

  /** The users whose accounts it has announced as changed since it was last asked. */
  Set<String> takeAnnounced();

  /** What is stored. */
  Tables tables();

  /** All tables, as far as the simulated one has them. */
  record Tables(
      List<StoredTransaction> transactions,
      List<StoredAlert> alerts,
      Map<String, Account> accounts,
      Map<String, List<Version>> versions,
      Map<Integer, PipelineRow> pipelines) {}

  /** A row of table pipelines. */
  record PipelineRow(
      long epoch,
      Long streamTimeMs,
      long alertSeq,
      long publishedAlertSeq,
      OffsetDateTime writtenAt,
      Long nextOffset,
      Long publishedOffset) {}
}
