package io.spendwatch.loadgen.shop;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.spendwatch.loadgen.shop.Application.Outcome;
import io.spendwatch.protocol.Money;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * What a shop has done. Immutable.
 *
 * @param sales committed; what the plain shop's users spent counts here, too
 * @param lines of the sales
 * @param soldMinor of the sales, tax included
 * @param returns committed; money back of the plain shop counts here, too
 * @param returnedMinor of the returns, tax included
 * @param outOfStock sales that were rolled back
 * @param returnedBefore returns that were rolled back
 * @param deliveries after those
 * @param questions for risky users
 * @param riskyUsers that those named, each once
 * @param conflicts transactions that the database undid for the sake of others, and that were run
 *     again
 * @param lostConnections before a commit; what was undone by it was run again
 * @param unknown transactions whose commit was not answered: they happened or did not, once at most
 * @param took from the first to the last
 */
public record ShopReport(
    long sales,
    long lines,
    long soldMinor,
    long returns,
    long returnedMinor,
    long outOfStock,
    long returnedBefore,
    long deliveries,
    long questions,
    long riskyUsers,
    long conflicts,
    long lostConnections,
    long unknown,
    Duration took) {

  /** Counts while it goes on. Thread-safe. */
  static final class Tally {
    private final Set<Long> riskyUsers = new HashSet<>();
    private long sales;
    private long lines;
    private long soldMinor;
    private long returns;
    private long returnedMinor;
    private long outOfStock;
    private long returnedBefore;
    private long deliveries;
    private long questions;
    private long conflicts;
    private long lostConnections;
    private long unknown;

    synchronized void count(Outcome outcome) {
      switch (outcome) {
        case Outcome.Sold sold -> {
          sales++;
          lines += sold.lines().size();
          soldMinor += sold.amountMinor();
        }
        case Outcome.Spent spent -> countSpent(spent.amountMinor());
        case Outcome.Returned returned -> {
          returns++;
          returnedMinor += returned.amountMinor();
        }
        case Outcome.OutOfStock _ -> outOfStock++;
        case Outcome.ReturnedBefore _ -> returnedBefore++;
        case Outcome.Delivered _ -> deliveries++;
        case Outcome.Asked asked -> {
          questions++;
          riskyUsers.addAll(asked.riskyUsers());
        }
        case Outcome.Unknown _ -> unknown++;
      }
    }

    private void countSpent(long amountMinor) {
      if (amountMinor < 0) {
        returns++;
        returnedMinor -= amountMinor;
      } else {
        sales++;
        lines++;
        soldMinor += amountMinor;
      }
    }

    synchronized void conflict() {
      conflicts++;
    }

    synchronized void lostConnection() {
      lostConnections++;
    }

    synchronized ShopReport report(Duration took) {
      return new ShopReport(
          sales,
          lines,
          soldMinor,
          returns,
          returnedMinor,
          outOfStock,
          returnedBefore,
          deliveries,
          questions,
          riskyUsers.size(),
          conflicts,
          lostConnections,
          unknown,
          took);
    }
  }

  /** How far it is, for people, in one line. */
  String progress() {
    return String.format(
        Locale.ROOT,
        "shop: %,d sales, %,d returns, %,d rolled back after %.0f s",
        sales,
        returns,
        rolledBack(),
        took.toMillis() / 1e3);
  }

  /** For people, in one line. */
  public String text() {
    double seconds = took.toMillis() / 1e3;
    var text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "shop: %,d sales of %,d lines for %s %s, %,d returns for %s %s in %.1f s, %,.1f/s",
            sales,
            lines,
            amount(soldMinor),
            ShopBooks.CURRENCY,
            returns,
            amount(returnedMinor),
            ShopBooks.CURRENCY,
            seconds,
            (sales + returns) / Math.max(0.001, seconds)));
    text.append(
        String.format(
            Locale.ROOT,
            "; %,d rolled back (%,d out of stock, %,d returned before), %,d deliveries",
            rolledBack(),
            outOfStock,
            returnedBefore,
            deliveries));
    if (questions > 0) {
      text.append(
          String.format(Locale.ROOT, "; %,d risky users of %,d questions", riskyUsers, questions));
    }
    text.append(
        String.format(
            Locale.ROOT,
            "; run again after %,d conflicts and %,d lost connections; %,d of unknown outcome",
            conflicts,
            lostConnections,
            unknown));
    return text.toString();
  }

  /** For programs: an object in one line, amounts as decimal strings. */
  public String json() {
    var text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("sales", sales);
      json.writeNumberField("lines", lines);
      json.writeStringField("sold", amount(soldMinor));
      json.writeNumberField("returns", returns);
      json.writeStringField("returned", amount(returnedMinor));
      json.writeStringField("currency", ShopBooks.CURRENCY);
      json.writeNumberField("rolledBack", rolledBack());
      json.writeNumberField("outOfStock", outOfStock);
      json.writeNumberField("returnedBefore", returnedBefore);
      json.writeNumberField("deliveries", deliveries);
      json.writeNumberField("questions", questions);
      json.writeNumberField("riskyUsers", riskyUsers);
      json.writeNumberField("conflicts", conflicts);
      json.writeNumberField("lostConnections", lostConnections);
      json.writeNumberField("unknown", unknown);
      json.writeNumberField("tookMs", took.toMillis());
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return text.toString();
  }

  private long rolledBack() {
    return outOfStock + returnedBefore;
  }

  private static String amount(long minor) {
    return Money.format(minor, ShopBooks.CURRENCY);
  }
}
