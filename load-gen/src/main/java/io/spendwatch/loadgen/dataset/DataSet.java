package io.spendwatch.loadgen.dataset;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.oracle.KnownAlert;
import io.spendwatch.loadgen.oracle.Oracle;
import io.spendwatch.protocol.AlertType;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The files of a data set: recorded or generated transactions, accounts and balances, and the
 * answers that the rule must give for them.
 */
public final class DataSet {

  public static final String TRANSACTIONS_HEADER =
      "transaction_id,user_id,event_time,kind,amount,counterparty,label";
  public static final String ACCOUNTS_HEADER = "user_id,username,opening_balance,assigned_balance";
  public static final String BALANCES_HEADER =
      "user_id,event_time,balance_after,reason,ref_transaction_id";
  public static final String REFERENCE_HEADER =
      "transaction_id,window_sum_cents,balance_cents,breach";
  public static final String ALERTS_HEADER =
      "type,user_id,transaction_id,event_time,exposure_cents,balance_cents,cause";

  private DataSet() {}

  /**
   * One account.
   *
   * @param username null where there is none
   * @param openingMinor the balance before the first transaction, for sets with running balances
   * @param assignedMinor the constant balance of the static answers
   */
  public record Account(String userId, String username, long openingMinor, long assignedMinor) {}

  /** A user's balance from an instant on. */
  record BalanceChange(String userId, long eventTimeMs, long balanceMinor) {}

  /** File order is arrival order. */
  static CsvReader<Transaction> transactions(Path file, String currency) {
    return CsvReader.open(
        file,
        TRANSACTIONS_HEADER,
        fields ->
            new Transaction(
                present("transaction_id", fields.get(0)),
                present("user_id", fields.get(1)),
                positive(Money.parseMinor(fields.get(4), currency)),
                currency,
                EventTime.parseMs(fields.get(2)),
                TransactionKind.valueOf(fields.get(3)),
                nullIfEmpty(fields.get(5)),
                null));
  }

  static CsvReader<Account> accounts(Path file, String currency) {
    return CsvReader.open(
        file,
        ACCOUNTS_HEADER,
        fields ->
            new Account(
                present("user_id", fields.get(0)),
                nullIfEmpty(fields.get(1)),
                Money.parseMinor(fields.get(2), currency),
                Money.parseMinor(fields.get(3), currency)));
  }

  static CsvReader<BalanceChange> balances(Path file, String currency) {
    return CsvReader.open(
        file,
        BALANCES_HEADER,
        fields ->
            new BalanceChange(
                present("user_id", fields.get(0)),
                EventTime.parseMs(fields.get(1)),
                Money.parseMinor(fields.get(2), currency)));
  }

  private static String present(String column, String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException(column + " is empty");
    }
    return text;
  }

  private static String nullIfEmpty(String text) {
    return text.isEmpty() ? null : text;
  }

  private static long positive(long amountMinor) {
    if (amountMinor <= 0) {
      throw new IllegalArgumentException("amount is not more than zero");
    }
    return amountMinor;
  }

  /**
   * Writes a set, with the oracle's answers, into a folder that is made if needed.
   *
   * @param set begins the files' names
   * @param withAlerts whether the alerts are known: they are not for transactions out of order
   */
  public static Answers write(
      Path folder,
      String set,
      String currency,
      List<Account> accounts,
      List<Transaction> transactions,
      boolean withAlerts) {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new OperatorException(folder + ": cannot be made: " + e, e);
    }
    writeAccounts(folder.resolve(set + ".accounts.csv.gz"), currency, accounts);
    writeTransactions(folder.resolve(set + ".transactions.csv.gz"), transactions);
    var oracle = new Oracle();
    accounts.forEach(account -> oracle.account(account.userId(), account.assignedMinor()));
    int breaches = writeReference(folder.resolve(set + ".reference.csv.gz"), oracle, transactions);
    int raised = withAlerts ? writeAlerts(folder.resolve(set + ".alerts.csv.gz"), oracle) : 0;
    return new Answers(breaches, raised);
  }

  /** How many transactions breach, and how many RAISED alerts are known. */
  public record Answers(int breaches, int raised) {}

  private static void writeAccounts(Path file, String currency, List<Account> accounts) {
    try (var csv = new CsvWriter(file, ACCOUNTS_HEADER)) {
      for (Account account : accounts) {
        csv.row(
            account.userId(),
            account.username(),
            Money.format(account.openingMinor(), currency),
            Money.format(account.assignedMinor(), currency));
      }
    }
  }

  private static void writeTransactions(Path file, List<Transaction> transactions) {
    try (var csv = new CsvWriter(file, TRANSACTIONS_HEADER)) {
      for (Transaction transaction : transactions) {
        csv.row(
            transaction.transactionId(),
            transaction.userId(),
            EventTime.format(transaction.eventTimeMs()),
            transaction.kind(),
            Money.format(transaction.amountMinor(), transaction.currency()),
            transaction.merchant(),
            null);
      }
    }
  }

  private static int writeReference(Path file, Oracle oracle, List<Transaction> transactions) {
    int breaches = 0;
    try (var csv = new CsvWriter(file, REFERENCE_HEADER)) {
      for (Transaction transaction : transactions) {
        switch (oracle.arrive(transaction)) {
          case Oracle.Counted counted -> {
            csv.row(
                transaction.transactionId(),
                counted.exposureMinor(),
                counted.balanceMinor(),
                counted.breach() ? 1 : 0);
            breaches += counted.breach() ? 1 : 0;
          }
          case Oracle.Duplicate _ -> {}
        }
      }
    }
    return breaches;
  }

  private static int writeAlerts(Path file, Oracle oracle) {
    int raised = 0;
    try (var csv = new CsvWriter(file, ALERTS_HEADER)) {
      for (KnownAlert alert : oracle.alerts()) {
        csv.row(
            alert.type(),
            alert.userId(),
            alert.transactionId(),
            EventTime.format(alert.eventTimeMs()),
            alert.exposureMinor(),
            alert.balanceMinor(),
            alert.cause());
        raised += alert.type() == AlertType.RAISED ? 1 : 0;
      }
    }
    return raised;
  }
}
