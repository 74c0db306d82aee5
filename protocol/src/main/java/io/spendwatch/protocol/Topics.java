package io.spendwatch.protocol;

/** The topic names in force; the defaults are the contract's. */
public record Topics(
    String transactions,
    String balances,
    String alerts,
    String transactionsDeadLetters,
    String balancesDeadLetters,
    String salesMetrics) {

  public static final Topics DEFAULT =
      new Topics(
          "transactions",
          "balances",
          "alerts",
          "transactions.dlq",
          "balances.dlq",
          "sales.metrics");
}
