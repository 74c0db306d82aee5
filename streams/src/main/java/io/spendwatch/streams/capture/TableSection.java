package io.spendwatch.streams.capture;

import static io.spendwatch.streams.base.ConfigSection.check;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValueType;
import io.spendwatch.protocol.TransactionKind;
import io.spendwatch.streams.base.ConfigSection;
import io.spendwatch.streams.capture.expression.Amount;
import io.spendwatch.streams.capture.expression.EventTimeColumn;
import io.spendwatch.streams.capture.expression.KindRule;
import io.spendwatch.streams.capture.expression.TextTemplate;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The settings of one table, and what they make of it. A setting that is missing, unknown or out of
 * its range is an {@link IllegalArgumentException} or {@link com.typesafe.config.ConfigException}
 * that names it. For one thread.
 */
final class TableSection {
  private final String path;
  private final Config config;
  private final ConfigSection section;

  /**
   * @param path by which messages name the section
   */
  TableSection(String path, Config config) {
    this.path = path;
    this.config = config;
    this.section = ConfigSection.of(config.atPath(path), path);
  }

  /**
   * A table of transactions.
   *
   * @param kind of all its rows; empty where the settings say by what it is told
   */
  TransactionsTable transactionsTable(Optional<KindRule> kind) {
    return new TransactionsTable(
        text("table"),
        template("id"),
        template("user-id"),
        amount("amount"),
        template("currency"),
        kind.orElseGet(this::kind),
        eventTime(),
        ifTemplate("merchant"),
        ifTemplate("original-transaction-id"),
        texts("skip-where-null"),
        renamed(),
        onChange("on-update"),
        onChange("on-delete"));
  }

  /** A table of accounts. */
  BalancesTable balancesTable() {
    OnChange onDelete = onChange("on-delete", OnChange.DEAD_LETTER);
    check(
        onDelete != OnChange.CORRECT,
        path + ".on-delete",
        "correct",
        "dead-letter or ignore: nothing makes up for an account that is gone");
    return new BalancesTable(
        text("table"),
        template("user-id"),
        ifTemplate("username"),
        amount("balance"),
        template("currency"),
        texts("skip-where-null"),
        renamed(),
        onDelete);
  }

  /** A setting that has to be there. */
  String text(String key) {
    return section.string(key);
  }

  private TextTemplate template(String key) {
    return TextTemplate.parse(path + "." + key, section.string(key));
  }

  private Optional<TextTemplate> ifTemplate(String key) {
    return section.has(key) ? Optional.of(template(key)) : Optional.empty();
  }

  private List<String> texts(String key) {
    return section.has(key) ? section.strings(key) : List.of();
  }

  private Amount amount(String key) {
    String unitKey = key + "-unit";
    String unit = section.has(unitKey) ? section.string(unitKey) : "major";
    check(
        unit.equals("major") || unit.equals("minor"),
        path + "." + unitKey,
        unit,
        "major (such as dollars) or minor (cents)");
    return Amount.parse(
        path + "." + key,
        section.strings(key),
        unit.equals("minor") ? Amount.Unit.MINOR : Amount.Unit.MAJOR);
  }

  private OnChange onChange(String key) {
    return onChange(key, OnChange.CORRECT);
  }

  private OnChange onChange(String key, OnChange otherwise) {
    return section.has(key) ? OnChange.named(path + "." + key, section.string(key)) : otherwise;
  }

  private Map<String, String> renamed() {
    return section.has("renamed") ? section.flat("renamed") : Map.of();
  }

  private KindRule kind() {
    ConfigSection kind = section.section("kind");
    KindRule rule;
    if (kind.has("positive")) {
      rule = new KindRule.BySign(named(kind.path() + ".positive", kind.string("positive")));
    } else {
      rule =
          new KindRule.ByColumn(
              kind.string("column"),
              Set.copyOf(kind.has("purchases") ? kind.strings("purchases") : List.of()),
              Set.copyOf(kind.has("refunds") ? kind.strings("refunds") : List.of()),
              Set.copyOf(kind.has("ignored") ? kind.strings("ignored") : List.of()));
    }
    kind.rejectUnknown();
    return rule;
  }

  private static TransactionKind named(String key, String kind) {
    for (TransactionKind each : TransactionKind.values()) {
      if (each.name().equals(kind)) {
        return each;
      }
    }
    check(false, key, kind, "PURCHASE or REFUND");
    return TransactionKind.PURCHASE;
  }

  private EventTimeColumn eventTime() {
    String key = "event-time";
    if (config.hasPath(key) && config.getValue(key).valueType() != ConfigValueType.OBJECT) {
      return new EventTimeColumn.Moment(section.string(key), Optional.empty(), Optional.empty());
    }
    ConfigSection time = section.section(key);
    EventTimeColumn column;
    if (time.has("day")) {
      column = new EventTimeColumn.DayAndTime(time.string("day"), time.string("time"), zone(time));
    } else {
      column =
          new EventTimeColumn.Moment(
              time.string("column"),
              time.has("zone") ? Optional.of(zone(time)) : Optional.empty(),
              time.has("unit") ? Optional.of(unit(time)) : Optional.empty());
    }
    time.rejectUnknown();
    return column;
  }

  private static ZoneId zone(ConfigSection time) {
    String zone = time.string("zone");
    try {
      return ZoneId.of(zone);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          time.path()
              + ".zone: "
              + zone
              + " (expected: UTC, an offset such as +02:00, or a zone such as Europe/Berlin)",
          e);
    }
  }

  private static EventTimeColumn.Unit unit(ConfigSection time) {
    String word = time.string("unit");
    for (EventTimeColumn.Unit each : EventTimeColumn.Unit.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(word)) {
        return each;
      }
    }
    check(false, time.path() + ".unit", word, "seconds, milliseconds or microseconds");
    return EventTimeColumn.Unit.MILLISECONDS;
  }

  /** Fails where a setting was asked for by nobody, and names it. */
  void rejectUnknown() {
    section.rejectUnknown();
  }
}
