package io.spendwatch.ops.analysis;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The reports: each is a file of SQL beside this class, with the parameters that are named here.
 */
public enum Report {
  HOURLY_SPEND(
      "spend by hour and currency; by merchant too",
      List.of("hourly_spend"),
      Duration.ofDays(1),
      List.of("total", "merchant"),
      true),
  DAILY_SPEND(
      "spend by day and currency; by merchant too",
      List.of("daily_spend", "hourly_spend"),
      Duration.ofDays(30),
      List.of("total", "merchant"),
      true),
  TOP_SPENDERS(
      "users with the most spend, their ranks and shares",
      List.of("monthly_users", "daily_users"),
      Duration.ofDays(7),
      List.of("net", "purchases", "transactions", "excess"),
      true),
  TOP_MERCHANTS(
      "merchants with the most spend, their ranks and shares",
      List.of("daily_spend", "hourly_spend"),
      Duration.ofDays(7),
      List.of("purchases", "net", "transactions", "breaches"),
      true),
  NEAR_LIMIT(
      "users nearest to their limit, or over it",
      List.of("user_risk"),
      null,
      List.of("headroom", "used"),
      true),
  RISK_SUMMARY(
      "users with the most in the last hour",
      List.of("user_risk"),
      null,
      List.of("total", "transactions", "largest"),
      true),
  RFM(
      "users in segments by recency, frequency and monetary value",
      List.of("monthly_users", "daily_users"),
      Duration.ofDays(180),
      List.of(),
      false),
  ALERTS_BY_HOUR("alerts by hour", List.of("hourly_alerts"), Duration.ofDays(1), List.of(), true),
  REFUND_RATE(
      "which part of the purchases was given back",
      List.of("daily_spend", "hourly_spend"),
      Duration.ofDays(30),
      List.of("day", "merchant", "total"),
      true),
  COHORTS(
      "users by their first transaction, and how many come back",
      List.of("monthly_users", "daily_users"),
      Duration.ofDays(365),
      List.of("month", "week"),
      true);

  /** Rows that a report answers with, where it is asked for no other number. */
  public static final int LIMIT_DEFAULT = 50;

  /** Rows that it answers with at most. */
  public static final int LIMIT_MAX = 1000;

  private final String meaning;
  private final Duration range;

  /** A copy that nobody can change. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> rollups;

  /** A copy that nobody can change. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final List<String> words;

  private final boolean isLimited;

  /**
   * @param rollups that it reads
   * @param range of time that it covers by default; null for one that has none
   * @param words that {@code by} may be, the default first; none where it is not asked for
   * @param isLimited whether it takes a number of rows
   */
  Report(
      String meaning, List<String> rollups, Duration range, List<String> words, boolean isLimited) {
    this.meaning = meaning;
    this.rollups = List.copyOf(rollups);
    this.range = range;
    this.words = List.copyOf(words);
    this.isLimited = isLimited;
  }

  /** As it is asked for: {@code top-spenders}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** For people. */
  public String meaning() {
    return meaning;
  }

  /** The one of this word. */
  public static Optional<Report> of(String word) {
    return Arrays.stream(values()).filter(report -> report.word().equals(word)).findFirst();
  }

  /** What {@code by} may be, the default first. */
  public List<String> words() {
    return words;
  }

  /** How long before {@code to} it begins where it is not said; empty where it has no time. */
  public Optional<Duration> range() {
    return Optional.ofNullable(range);
  }

  /** Whether it takes a number of rows. */
  public boolean isLimited() {
    return isLimited;
  }

  /** The roll-ups that it reads. */
  List<String> rollups() {
    return rollups;
  }

  /** Its statement. */
  String file() {
    return name().toLowerCase(Locale.ROOT);
  }
}
