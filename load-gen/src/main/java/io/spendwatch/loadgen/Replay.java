package io.spendwatch.loadgen;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.spendwatch.loadgen.DataSet.Account;
import io.spendwatch.loadgen.DataSet.BalanceChange;
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
 * @param balancesFile later balances, or null
 * @param currency of all amounts
 */
record Replay(
    Path transactionsFile,
    Path accountsFile,
    Path balancesFile,
    String currency,
    String transactionsTopic,
    String balancesTopic) {

  /**
   * What the files hold.
   *
   * @param firstEventTimeMs of the first transaction in the file: since when the accounts hold
   */
  record Survey(
      long accounts,
      long balances,
      long transactions,
      long purchases,
      long users,
      long firstEventTimeMs) {
    long refunds() {
      return transactions - purchases;
    }
  }

  /**
   * Reads all files to their ends, so that nothing is produced from a broken one.
   *
   * @throws CommandFailed if one is broken, or there is no transaction
   */
  Survey survey() {
    long purchases = 0;
    long transactions = 0;
    long firstEventTimeMs = 0;
    Set<String> users = new HashSet<>();
    try (CsvReader<Transaction> reader = DataSet.transactions(transactionsFile, currency)) {
      for (Transaction next = reader.next(); next != null; next = reader.next()) {
        if (transactions == 0) {
          firstEventTimeMs = next.eventTimeMs();
        }
        transactions++;
        purchases += next.kind() == TransactionKind.PURCHASE ? 1 : 0;
        users.add(next.userId());
      }
    }
    if (transactions == 0) {
      throw new CommandFailed(transactionsFile + ": no transactions");
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
        while (reader.next() != null) {
          balances++;
        }
      }
    }
    return new Survey(accounts, balances, transactions, purchases, users.size(), firstEventTimeMs);
  }

  /** Sends the accounts' balances. */
  void sendAccounts(RecordSink sink, long asOfMs) {
    try (CsvReader<Account> reader = DataSet.accounts(accountsFile, currency)) {
      for (Account next = reader.next(); next != null; next = reader.next()) {
        long balanceMinor = balancesFile == null ? next.assignedMinor() : next.openingMinor();
        send(sink, new Balance(next.userId(), next.username(), balanceMinor, currency, asOfMs));
      }
    }
  }

  /**
   * Sends the transactions in file order and, between them, the later balances by event time: a
   * balance follows the transactions of its own instant, because it is what they led to.
   */
  void sendHistory(RecordSink sink, Pace pace, Progress progress) {
    try (CsvReader<Transaction> transactions = DataSet.transactions(transactionsFile, currency);
        CsvReader<BalanceChange> balances =
            balancesFile == null ? null : DataSet.balances(balancesFile, currency)) {
      Transaction transaction = transactions.next();
      BalanceChange balance = balances == null ? null : balances.next();
      while (transaction != null || balance != null) {
        if (balance == null
            || (transaction != null && transaction.eventTimeMs() <= balance.eventTimeMs())) {
          pace.awaitTurn(transaction.eventTimeMs());
          sink.send(
              transactionsTopic,
              transaction.userId().getBytes(UTF_8),
              TransactionCodec.encode(transaction));
          transaction = transactions.next();
        } else {
          pace.awaitTurn(balance.eventTimeMs());
          send(
              sink,
              new Balance(
                  balance.userId(), null, balance.balanceMinor(), currency, balance.eventTimeMs()));
          balance = balances.next();
        }
        progress.step();
      }
    }
  }

  private void send(RecordSink sink, Balance balance) {
    sink.send(balancesTopic, balance.userId().getBytes(UTF_8), BalanceCodec.encode(balance));
  }
}
