package io.spendwatch.loadgen.dataset;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.dataset.DataSet.Account;
import io.spendwatch.loadgen.dataset.DataSet.BalanceChange;
import io.spendwatch.loadgen.kafka.RecordSink;
import io.spendwatch.loadgen.pace.Pace;
import io.spendwatch.loadgen.pace.Progress;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Turns the files of a data set into records: the same files give the same records, so that a
 * second replay changes nothing.
 *
 * @param transactionsFile file order is the order of the records
 * @param accountsFile the balances to begin with: the assigned ones, or the opening ones if there
 *     is a file of later balances
 * @param balancesFile later balances, or null; all of them go before the transactions, in the order
 *     of their file
 * @param currency of all amounts
 */
public record Replay(
    Path transactionsFile,
    Path accountsFile,
    Path balancesFile,
    String currency,
    String transactionsTopic,
    String balancesTopic) {

  /**
   * What the files hold.
   *
   * @param accountsAsOfMs since when the accounts hold: the first transaction in the file or, with
   *     later balances, a moment before all that the files hold. A transaction is held against the
   *     newest balance before its own instant; so one at the instant of the first balance is held
   *     against the account's.
   */
  public record Survey(
      long accounts,
      long balances,
      long transactions,
      long purchases,
      long users,
      long accountsAsOfMs) {
    public long refunds() {
      return transactions - purchases;
    }
  }

  /**
   * Reads all files to their ends, so that nothing is produced from a broken one.
   *
   * @throws OperatorException if one is broken, or there is no transaction
   */
  public Survey survey() {
    long purchases = 0;
    long transactions = 0;
    long firstEventTimeMs = 0;
    long earliestMs = Long.MAX_VALUE;
    Set<String> users = new HashSet<>();
    try (CsvReader<Transaction> reader = DataSet.transactions(transactionsFile, currency)) {
      for (Transaction next = reader.next(); next != null; next = reader.next()) {
        if (transactions == 0) {
          firstEventTimeMs = next.eventTimeMs();
        }
        earliestMs = Math.min(earliestMs, next.eventTimeMs());
        transactions++;
        purchases += next.kind() == TransactionKind.PURCHASE ? 1 : 0;
        users.add(next.userId());
      }
    }
    if (transactions == 0) {
      throw new OperatorException(transactionsFile + ": no transactions");
    }
    long accounts = 0;
    try (CsvReader<Account> reader = DataSet.accounts(accountsFile, currency)) {
      while (reader.next() != null) {
        accounts++;
      }
    }
    long balances = 0;
    if (balancesFile != null) {
      try (CsvReader<BalanceChange> reader = DataSet.balances(balancesFile, currency)) {
        for (BalanceChange next = reader.next(); next != null; next = reader.next()) {
          earliestMs = Math.min(earliestMs, next.eventTimeMs());
          balances++;
        }
      }
    }
    long accountsAsOfMs = balancesFile == null ? firstEventTimeMs : Math.max(0, earliestMs - 1);
    return new Survey(accounts, balances, transactions, purchases, users.size(), accountsAsOfMs);
  }

  /** Sends the accounts' balances. */
  public void sendAccounts(RecordSink sink, long asOfMs) {
    try (CsvReader<Account> reader = DataSet.accounts(accountsFile, currency)) {
      for (Account next = reader.next(); next != null; next = reader.next()) {
        long balanceMinor = balancesFile == null ? next.assignedMinor() : next.openingMinor();
        send(sink, new Balance(next.userId(), next.username(), balanceMinor, currency, asOfMs));
      }
    }
  }

  /**
   * Sends the later balances in file order; none without their file. Whatever a transaction is held
   * against has to be known before it comes, or its verdict depends on the timing.
   */
  public void sendBalances(RecordSink sink) {
    if (balancesFile == null) {
      return;
    }
    try (CsvReader<BalanceChange> reader = DataSet.balances(balancesFile, currency)) {
      for (BalanceChange next = reader.next(); next != null; next = reader.next()) {
        send(
            sink,
            new Balance(next.userId(), null, next.balanceMinor(), currency, next.eventTimeMs()));
      }
    }
  }

  /** Sends the transactions in file order. */
  public void sendTransactions(RecordSink sink, Pace pace, Progress progress) {
    try (CsvReader<Transaction> reader = DataSet.transactions(transactionsFile, currency)) {
      for (Transaction next = reader.next(); next != null; next = reader.next()) {
        pace.awaitTurn(next.eventTimeMs());
        sink.send(transactionsTopic, next.userId().getBytes(UTF_8), TransactionCodec.encode(next));
        progress.step();
      }
    }
  }

  private void send(RecordSink sink, Balance balance) {
    sink.send(balancesTopic, balance.userId().getBytes(UTF_8), BalanceCodec.encode(balance));
  }
}
