package io.spendwatch.loadgen.workload;

import static io.trino.tpcds.column.StoreReturnsColumn.SR_CUSTOMER_SK;
import static io.trino.tpcds.column.StoreReturnsColumn.SR_ITEM_SK;
import static io.trino.tpcds.column.StoreReturnsColumn.SR_RETURNED_DATE_SK;
import static io.trino.tpcds.column.StoreReturnsColumn.SR_RETURN_AMT_INC_TAX;
import static io.trino.tpcds.column.StoreReturnsColumn.SR_RETURN_TIME_SK;
import static io.trino.tpcds.column.StoreReturnsColumn.SR_STORE_SK;
import static io.trino.tpcds.column.StoreReturnsColumn.SR_TICKET_NUMBER;
import static io.trino.tpcds.column.StoreSalesColumn.SS_CUSTOMER_SK;
import static io.trino.tpcds.column.StoreSalesColumn.SS_NET_PAID_INC_TAX;
import static io.trino.tpcds.column.StoreSalesColumn.SS_SOLD_DATE_SK;
import static io.trino.tpcds.column.StoreSalesColumn.SS_SOLD_TIME_SK;
import static io.trino.tpcds.column.StoreSalesColumn.SS_STORE_SK;
import static io.trino.tpcds.column.StoreSalesColumn.SS_TICKET_NUMBER;

import io.spendwatch.loadgen.dataset.DataSet.Account;
import io.spendwatch.protocol.Money;
import io.spendwatch.protocol.Transaction;
import io.spendwatch.protocol.TransactionKind;
import io.trino.tpcds.Results;
import io.trino.tpcds.Session;
import io.trino.tpcds.Table;
import io.trino.tpcds.column.Column;
import io.trino.tpcds.column.CustomerColumn;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * TPC-DS store sales and returns as card transactions: a purchase for each ticket, a refund for
 * each returned item, in the order of their time. Deterministic.
 *
 * @param accounts of the customers who have a transaction
 */
public record TpcdsHistory(List<Account> accounts, List<Transaction> transactions) {

  public static final String CURRENCY = "USD";

  /** TPC-DS numbers days as astronomers do; this one is 1970-01-01. */
  private static final long JULIAN_DAY_OF_1970 = 2_440_588;

  private static final long SECOND_MS = 1_000;
  private static final long DAY_MS = 24 * 60 * 60 * SECOND_MS;

  /** One customer in so many has less than the largest ticket: each such ticket is a breach. */
  private static final int CUSTOMERS_PER_TIGHT_ONE = 40;

  private static final Comparator<Sale> FILE_ORDER =
      Comparator.comparingLong((Sale sale) -> sale.transaction.eventTimeMs())
          .thenComparing(sale -> sale.transaction.kind())
          .thenComparingLong(Sale::ticket)
          .thenComparingLong(Sale::item);

  private record Sale(Transaction transaction, long ticket, long item) {}

  /**
   * Generates the tables.
   *
   * @param scale TPC-DS scale factor; 1 is 240,000 tickets, and all of it is held in memory
   * @param seed chooses the customers whose balance is tight, and nothing else: TPC-DS itself is
   *     the same for everybody
   */
  public static TpcdsHistory generate(double scale, long seed) {
    var session =
        new Session(scale, ".", ".dat", Optional.empty(), "", '|', false, false, 1, false);
    List<Sale> sales = new ArrayList<>();
    var ticket = new Ticket();
    for (List<List<String>> rows : Results.constructResults(Table.STORE_SALES, session)) {
      for (List<String> row : rows) {
        if (row.size() == Table.STORE_SALES.getColumns().length) {
          if (!ticket.number.equals(number(row, SS_TICKET_NUMBER))) {
            ticket.close(sales);
            ticket = new Ticket();
          }
          ticket.add(row);
        } else {
          addReturn(row, sales);
        }
      }
    }
    ticket.close(sales);
    sales.sort(FILE_ORDER);
    List<Transaction> transactions = sales.stream().map(Sale::transaction).toList();
    return new TpcdsHistory(accounts(session, transactions, seed), transactions);
  }

  /** The lines of one sale; each column is null on some of them. */
  private static final class Ticket {
    private Long number = -1L;
    private Long customer;
    private Long day;
    private Long second;
    private Long store;
    private long amountMinor;

    void add(List<String> line) {
      number = number(line, SS_TICKET_NUMBER);
      customer = customer != null ? customer : number(line, SS_CUSTOMER_SK);
      day = day != null ? day : number(line, SS_SOLD_DATE_SK);
      second = second != null ? second : number(line, SS_SOLD_TIME_SK);
      store = store != null ? store : number(line, SS_STORE_SK);
      amountMinor += amountMinor(line, SS_NET_PAID_INC_TAX);
    }

    void close(List<Sale> sales) {
      if (customer != null && day != null && second != null && amountMinor > 0) {
        sales.add(
            new Sale(
                transaction(
                    "tps-" + number,
                    customer,
                    amountMinor,
                    eventTimeMs(day, second),
                    TransactionKind.PURCHASE,
                    store,
                    null),
                number,
                0));
      }
    }
  }

  private static void addReturn(List<String> row, List<Sale> sales) {
    Long customer = number(row, SR_CUSTOMER_SK);
    Long day = number(row, SR_RETURNED_DATE_SK);
    Long second = number(row, SR_RETURN_TIME_SK);
    Long ticket = number(row, SR_TICKET_NUMBER);
    Long item = number(row, SR_ITEM_SK);
    long amountMinor = amountMinor(row, SR_RETURN_AMT_INC_TAX);
    if (customer != null && day != null && second != null && amountMinor > 0) {
      sales.add(
          new Sale(
              transaction(
                  "tpr-" + ticket + "-" + item,
                  customer,
                  amountMinor,
                  eventTimeMs(day, second),
                  TransactionKind.REFUND,
                  number(row, SR_STORE_SK),
                  "tps-" + ticket),
              ticket,
              item));
    }
  }

  private static Transaction transaction(
      String transactionId,
      long customer,
      long amountMinor,
      long eventTimeMs,
      TransactionKind kind,
      Long store,
      String originalTransactionId) {
    return new Transaction(
        transactionId,
        userId(customer),
        amountMinor,
        CURRENCY,
        eventTimeMs,
        kind,
        store == null ? null : "store " + store,
        originalTransactionId);
  }

  /** One and a half times the largest ticket; for the tight ones, nine tenths of it. */
  private static List<Account> accounts(
      Session session, List<Transaction> transactions, long seed) {
    Map<String, Long> largestMinor = new HashMap<>();
    for (Transaction transaction : transactions) {
      largestMinor.merge(
          transaction.userId(), Math.max(0, transaction.signedAmountMinor()), Math::max);
    }
    List<Account> accounts = new ArrayList<>();
    var random = new SplittableRandom(seed);
    for (List<List<String>> rows : Results.constructResults(Table.CUSTOMER, session)) {
      List<String> row = rows.getFirst();
      boolean tight = random.nextInt(CUSTOMERS_PER_TIGHT_ONE) == 0;
      String userId = userId(number(row, CustomerColumn.C_CUSTOMER_SK));
      Long largest = largestMinor.get(userId);
      if (largest != null) {
        long balanceMinor = tight ? largest * 9 / 10 : Math.ceilDiv(largest * 3, 2);
        accounts.add(new Account(userId, name(row), balanceMinor, balanceMinor));
      }
    }
    return accounts;
  }

  private static String name(List<String> customer) {
    String first = text(customer, CustomerColumn.C_FIRST_NAME);
    String last = text(customer, CustomerColumn.C_LAST_NAME);
    if (first == null || last == null) {
      return first == null ? last : first;
    }
    return first + " " + last;
  }

  private static String userId(long customer) {
    return "K" + customer;
  }

  private static long eventTimeMs(long julianDay, long secondOfDay) {
    return (julianDay - JULIAN_DAY_OF_1970) * DAY_MS + secondOfDay * SECOND_MS;
  }

  private static String text(List<String> row, Column column) {
    String text = row.get(column.getPosition());
    return text == null || text.isBlank() ? null : text.strip();
  }

  private static Long number(List<String> row, Column column) {
    String text = text(row, column);
    return text == null ? null : Long.valueOf(text);
  }

  private static long amountMinor(List<String> row, Column column) {
    String text = text(row, column);
    return text == null ? 0 : Money.parseMinor(text, CURRENCY);
  }
}
