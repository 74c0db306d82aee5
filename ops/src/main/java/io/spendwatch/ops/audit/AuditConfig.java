package io.spendwatch.ops.audit;

import static io.spendwatch.streams.base.ConfigSection.checkPositive;
import static io.spendwatch.streams.base.ConfigSection.checkRange;

import io.spendwatch.streams.base.ConfigSection;
import java.time.Duration;

/**
 * How often and how much is audited: {@code spendwatch.audit}.
 *
 * @param interval between the starts of two runs, of whichever node
 * @param rowsAtOnce how many rows a full run sorts at a time, about: it bounds what it takes on the
 *     server's disk
 * @param sessions how many of such passes a full run does side by side, each on a processor of the
 *     server
 * @param findingsMax how many findings of a run are stored and shown; further ones are counted
 * @param windowsMax how many of the users with something new a run of what is new compares in
 *     memory
 * @param grace how long alerts and changed balances may be on their way to where they are looked
 *     for
 * @param clearGrace by how much stream time must have passed what is cleared by time alone
 */
public record AuditConfig(
    Duration interval,
    int rowsAtOnce,
    int sessions,
    int findingsMax,
    int windowsMax,
    Duration grace,
    Duration clearGrace) {

  public AuditConfig {
    checkPositive("spendwatch.audit.interval", interval);
    checkRange("spendwatch.audit.rows-at-once", rowsAtOnce, 1000, 1_000_000_000);
    checkRange("spendwatch.audit.sessions", sessions, 1, 64);
    checkRange("spendwatch.audit.findings-max", findingsMax, 1, 1_000_000);
    checkRange("spendwatch.audit.windows-max", windowsMax, 1, 10_000_000);
    checkPositive("spendwatch.audit.grace", grace);
  }

  /** Reads {@code spendwatch.audit}. */
  public static AuditConfig from(ConfigSection section) {
    AuditConfig config =
        new AuditConfig(
            section.duration("interval"),
            section.integer("rows-at-once"),
            section.integer("sessions"),
            section.integer("findings-max"),
            section.integer("windows-max"),
            section.duration("grace"),
            section.duration("clear-grace"));
    section.rejectUnknown();
    return config;
  }
}
