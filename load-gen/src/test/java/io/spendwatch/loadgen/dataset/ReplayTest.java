package io.spendwatch.loadgen.dataset;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.spendwatch.errors.OperatorException;
import io.spendwatch.loadgen.kafka.RecordSink;
import io.spendwatch.loadgen.pace.Pace;
import io.spendwatch.loadgen.pace.Progress;
import io.spendwatch.loadgen.pace.SimulatedTicker;
import io.spendwatch.protocol.Balance;
import io.spendwatch.protocol.BalanceCodec;
import io.spendwatch.protocol.Decoded;
import io.spendwatch.protocol.EventTime;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionCodec;
import io.spendwatch.protocol.TransactionKind;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayTest {

  private static final String TRANSACTIONS =
      """
      transaction_id,user_id,event_time,kind,amount,counterparty,label
      t1,A,2018-08-01T01:00:00.000Z,PURCHASE,16.25,"POS, 1",0
      t2,B,2018-08-01T01:00:02.000Z,PURCHASE,14.19,,
      t3,A,2018-08-01T01:00:01.000Z,REFUND,6.42,POS 2,1
      """;
  private static final String ACCOUNTS =
      """
      user_id,username,opening_balance,assigned_balance
      A,Ann,51.64,423.32
      B,,-1.00,0.00
      """;
  private static final String BALANCES =
      """
      user_id,event_time,balance_after,reason,ref_transaction_id
      A,2018-08-01T01:00:00.000Z,35.39,PURCHASE,t1
      B,2018-08-01T01:00:09.000Z,-15.19,PURCHASE,t2
      """;

  @TempDir private Path folder;
  private Path transactions;
  private Path accounts;
  private Path balances;

  @BeforeEach
  void writeFiles() throws IOException {
    transactions = Files.writeString(folder.resolve("transactions.csv"), TRANSACTIONS);
    accounts = Files.writeString(folder.resolve("accounts.csv"), ACCOUNTS);
    balances = Files.writeString(folder.resolve("balances.csv"), BALANCES);
  }

  @Test
  void sendsTransactionsInFileOrder() {
    List<Sent> sent = replayed(null);

    assertThat(sent.stream().skip(2).map(Sent::transaction))
        .containsExactly(
            transaction("t1", "A", 1625, "01:00:00", TransactionKind.PURCHASE, "POS, 1"),
            transaction("t2", "B", 1419, "01:00:02", TransactionKind.PURCHASE, null),
            transaction("t3", "A", 642, "01:00:01", TransactionKind.REFUND, "POS 2"));
  }

  @Test
  void sendsAssignedBalancesAsOfTheFirstTransaction() {
    assertThat(replayed(null).stream().limit(2).map(Sent::balance))
        .containsExactly(
            new Balance("A", "Ann", 42332, "USD", at("01:00:00")),
            new Balance("B", null, 0, "USD", at("01:00:00")));
  }

  @Test
  void sendsAllBalancesFirstTheAccountsFromBeforeAllOfThem() {
    List<Sent> sent = replayed(balances);

    assertThat(sent.stream().map(record -> record.topic() + "/" + record.userId()))
        .containsExactly("bal/A", "bal/B", "bal/A", "bal/B", "tx/A", "tx/B", "tx/A");
    long before = at("01:00:00") - 1;
    assertThat(sent.stream().limit(4).map(Sent::balance))
        .containsExactly(
            new Balance("A", "Ann", 5164, "USD", before),
            new Balance("B", null, -100, "USD", before),
            new Balance("A", null, 3539, "USD", at("01:00:00")),
            new Balance("B", null, -1519, "USD", at("01:00:09")));
  }

  @Test
  void sendsBalancesInTheOrderOfTheirFileThoseOfBeforeTheFirstTransactionToo() throws IOException {
    Files.writeString(
        balances,
        DataSet.BALANCES_HEADER
            + """

            B,2018-08-01T01:00:09.000Z,3.00,,
            A,2018-07-01T00:00:00.000Z,1.00,,
            A,2018-07-01T00:00:00.000Z,2.00,,
            """);
    List<Sent> sent = replayed(balances);

    long earliest = EventTime.parseMs("2018-07-01T00:00:00.000Z");
    assertThat(sent.stream().limit(5).map(Sent::balance))
        .extracting(Balance::userId, Balance::balanceMinor, Balance::asOfMs)
        .containsExactly(
            tuple("A", 5164L, earliest - 1),
            tuple("B", -100L, earliest - 1),
            tuple("B", 300L, at("01:00:09")),
            tuple("A", 100L, earliest),
            tuple("A", 200L, earliest));
  }

  @Test
  void sendsNoBalanceOfBeforeTheEpoch() throws IOException {
    Files.writeString(balances, DataSet.BALANCES_HEADER + "\nA,1970-01-01T00:00:00.000Z,1.00,,\n");

    assertThat(replayed(balances).getFirst().balance().asOfMs()).isZero();
  }

  @Test
  void sendsIdenticalRecordsASecondTime() {
    assertThat(replayed(balances)).isEqualTo(replayed(balances));
  }

  @Test
  void countsWhatTheFilesHold() {
    assertThat(replay(balances).survey())
        .isEqualTo(new Replay.Survey(2, 2, 3, 2, 2, at("01:00:00") - 1));
    assertThat(replay(null).survey()).isEqualTo(new Replay.Survey(2, 0, 3, 2, 2, at("01:00:00")));
  }

  @Test
  void findsABrokenRowBeforeAnythingIsSent() throws IOException {
    for (String bad : List.of("1.234", "-1", "0.00", "1e3", "")) {
      Files.writeString(transactions, TRANSACTIONS.replace("6.42", bad));
      assertThatThrownBy(() -> replay(null).survey())
          .isInstanceOf(OperatorException.class)
          .hasMessageContaining("transactions.csv:4: ");
    }
    Files.writeString(transactions, TRANSACTIONS.replace("REFUND", "GIFT"));
    assertThatThrownBy(() -> replay(null).survey()).hasMessageContaining("GIFT");
    Files.writeString(transactions, TRANSACTIONS.replace("2018-08-01T01:00:01.000Z", "today"));
    assertThatThrownBy(() -> replay(null).survey()).hasMessageContaining("today");
    Files.writeString(transactions, DataSet.TRANSACTIONS_HEADER);
    assertThatThrownBy(() -> replay(null).survey()).hasMessageContaining("no transactions");
  }

  private Replay replay(Path balancesFile) {
    return new Replay(transactions, accounts, balancesFile, "USD", "tx", "bal");
  }

  private List<Sent> replayed(Path balancesFile) {
    List<Sent> sent = new ArrayList<>();
    var sink =
        new RecordSink() {
          @Override
          public void send(String topic, byte[] key, byte[] value) {
            sent.add(new Sent(topic, new String(key, UTF_8), new String(value, UTF_8)));
          }

          @Override
          public void flush() {}
        };
    Replay replay = replay(balancesFile);
    replay.sendAccounts(sink, replay.survey().accountsAsOfMs());
    var out = new PrintStream(OutputStream.nullOutputStream(), false, UTF_8);
    try (out;
        var progress = new Progress.Lines("replay", 1, out, new SimulatedTicker())) {
      replay.sendBalances(sink);
      replay.sendTransactions(sink, Pace.unlimited(), progress);
    }
    return sent;
  }

  private record Sent(String topic, String userId, String json) {
    Transaction transaction() {
      return valid(
          TransactionCodec.decode(userId.getBytes(UTF_8), json.getBytes(UTF_8), Long.MAX_VALUE));
    }

    Balance balance() {
      return valid(
          BalanceCodec.decode(userId.getBytes(UTF_8), json.getBytes(UTF_8), Long.MAX_VALUE));
    }

    private static <T> T valid(Decoded<T> decoded) {
      return ((Decoded.Valid<T>) decoded).value();
    }
  }

  private static Transaction transaction(
      String id,
      String user,
      long amountMinor,
      String time,
      TransactionKind kind,
      String merchant) {
    return new Transaction(id, user, amountMinor, "USD", at(time), kind, merchant, null);
  }

  private static long at(String time) {
    return EventTime.parseMs("2018-08-01T" + time + "Z");
  }
}
